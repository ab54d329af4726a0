using Hwaso.Imaging;
using Hwaso.Inference.Networks;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;
using Hwaso.Torch;

namespace Hwaso.Cli.Verbs;

/// <summary>Networks on Hwaso.Runtime, as verbs ask them.</summary>
static class DeployedNetwork
{
    /// <summary>A run's network, exported in memory; null, with a line that says why, where it cannot be.</summary>
    /// <param name="network">The network, not needed afterwards.</param>
    /// <param name="context">Threads, and where the line goes.</param>
    public static SegmentationModel? Of(LoadedNetwork network, VerbContext context)
    {
        try
        {
            return SegmentationModel.Load(Exporter.Make(network, size: null).Bytes, network.Source, Options(context));
        }
        catch (Exception error) when (error is NotSupportedException or ModelFormatException or TorchException { IsOutOfMemory: false })
        {
            context.Log($"libtorch labels the images: the network cannot be exported ({error.Message})");
            return null;
        }
    }

    /// <summary>How a model computes: on as many threads as were asked for.</summary>
    public static RuntimeOptions Options(VerbContext context) => new() { Threads = context.ProcessorThreads };

    /// <summary>Gives an image's labels at a height and width, and says when that took tiles.</summary>
    public static LabelMap Label(SegmentationModel model, RgbImage image, int height, int width, VerbContext context)
    {
        if (height == image.Height && width == image.Width)
        {
            var result = model.Segment(image.Pixels, width, height, stop: context.Cancel);
            if (result.Tiles > 1)
                context.Log($"{width}×{height} pixels need too much memory at once: labelled in {result.Tiles} tiles that overlap");
            return new LabelMap(width, height, result.Labels);
        }
        var labels = new byte[height * width];
        model.Segment(image.Pixels, image.Width, image.Height, labels, width, height, context.Cancel);
        return new LabelMap(width, height, labels);
    }
}
