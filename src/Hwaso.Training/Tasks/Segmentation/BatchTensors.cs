using Hwaso.Data.Loading;
using Hwaso.Torch;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Copies a loader's batches into tensors of the calling thread.</summary>
public static class BatchTensors
{
    /// <summary>The images as float32 [N, C, H, W] and the labels as int64 [N, H, W], as losses want them.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="device">Where the tensors are made; null for the processor.</param>
    public static (Tensor Images, Tensor Labels) ToTensors(this Batch batch, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var scope = new Scope();
        var target = device ?? Device.Cpu;
        var images = Tensor.From<float>(batch.Images, batch.Count, batch.Channels, batch.Height, batch.Width).To(target);
        var indices = Tensor.From<byte>(batch.Labels, batch.Count, batch.Height, batch.Width).To(target).To(ScalarType.Int64);
        return (scope.Keep(images), scope.Keep(indices));
    }

    /// <summary>The depth as float32 [N, H, W]; null where the batch holds none.</summary>
    /// <inheritdoc cref="ToTensors"/>
    public static Tensor? ToDepth(this Batch batch, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.HasDepth ? Tensor.From<float>(batch.Depth, batch.Count, batch.Height, batch.Width).To(device ?? Device.Cpu) : null;
    }
}
