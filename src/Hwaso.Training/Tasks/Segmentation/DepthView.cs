using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Shows the depth that a network of two decoders predicts, as colours beside the true depth.</summary>
/// <param name="net">The network.</param>
/// <param name="normalisation">The normalisation of its inputs.</param>
/// <param name="source">The true depth; null where there is none.</param>
sealed class DepthView(UNetMultiDecoder net, Normalisation normalisation, DepthSource? source)
{
    const double Nearest = 0.02, Farthest = 0.95;

    /// <summary>
    /// Both in one range of colours, that of all but the extremes of the true depth, at the image's size; the second is null where an image
    /// has no depth of that size.
    /// </summary>
    public (RgbImage Seen, RgbImage? True) Of(LabelledImage item)
    {
        var (width, height) = (item.Pixels.Width, item.Pixels.Height);
        var seen = Seen(item.Pixels);
        var truth = source is not null && File.Exists(source.PathOf(item.Sample)) ? source.Read(item.Sample) : null;
        if (truth is null || (truth.Width, truth.Height) != (width, height) || !truth.Values.Any(float.IsFinite))
            return (HeatMap.Render(seen, width, height), null);
        var values = truth.Values.Where(float.IsFinite).Order().ToArray();
        // The few farthest pixels of a street would leave one colour for all that is near.
        var (low, high) = (values[(int)(Nearest * (values.Length - 1))], values[(int)(Farthest * (values.Length - 1))]);
        return (HeatMap.Render(seen, width, height, low, high), HeatMap.Render(truth.Values, width, height, low, high));
    }

    float[] Seen(ChannelImage image)
    {
        net.Eval();
        using var scope = new Scope();
        using var off = new NoGrad();
        var depth = net.Depth(normalisation.ToTensor(image, net.Weights.Device));
        return depth.ResizeBilinear(image.Height, image.Width).To(Device.Cpu).Contiguous().Span<float>().ToArray();
    }
}
