using Hwaso.Data.Boxes;
using Hwaso.Imaging;
using Hwaso.Imaging.Masks;
using Hwaso.Models.Detectors;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Boxes;

/// <summary>Finds the objects of images with a detector on libtorch.</summary>
/// <param name="net">The detector; put into evaluation mode.</param>
/// <param name="sampling">How it looks at images: its first size.</param>
/// <param name="limits">Which answers are detections.</param>
public sealed class BoxFinder(Detector net, BoxSampling sampling, DetectionLimits limits) : IObjectFinder
{
    readonly BoxPixels pixels = new(sampling);

    /// <inheritdoc/>
    public BoxForm Form => net.Config.Form;

    /// <inheritdoc/>
    public bool HasMasks => net.HasMasks;

    /// <inheritdoc/>
    public FoundObject[] Find(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        net.Eval();
        using var scope = new Scope();
        using var off = new NoGrad();
        var size = sampling.Sizes[0](image.Height, image.Width);
        var (height, width) = (sampling.Padded(size.Height), sampling.Padded(size.Width));
        var planes = new float[3 * height * width];
        pixels.Fill(image, size, mirrored: false, planes, height, width);
        var batch = Tensor.From<float>(planes, 1, 3, height, width).To(net.Weights.Device).Contiguous(MemoryFormat.ChannelsLast);
        DetectorImage[] images = [new DetectorImage(size.Height, size.Width, size.ScaleX, size.ScaleY)];
        return net.HasMasks
            ? [.. net.DetectMasks(batch, images, limits)[0].Select(d => Found(d.Detection) with
            {
                Mask = RunLengthText.Write(FoundObject.Pasted(Form, d.Mask, d.Detection.Box, image.Height, image.Width)),
            })]
            : [.. net.Detect(batch, images, limits)[0].Select(Found)];

        static FoundObject Found(Detection d) => new(d.Box, d.Score, d.Label);
    }
}
