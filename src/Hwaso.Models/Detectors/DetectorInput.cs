using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;

namespace Hwaso.Models.Detectors;

/// <summary>Images as torchvision's detectors take them (GeneralizedRCNNTransform).</summary>
public static class DetectorInput
{
    static readonly float[] mean = [0.485f, 0.456f, 0.406f], deviation = [0.229f, 0.224f, 0.225f];

    /// <summary>
    /// Normalised, resized and padded with zeros on the right and below to the largest: [N, 3, H, W], sides multiples of 32.
    /// </summary>
    /// <param name="images">[3, h, w] each, 0 to 1, red first.</param>
    /// <param name="rule">The size of each.</param>
    public static Tensor Batch(IReadOnlyList<Tensor> images, ResizeRule rule)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(rule);
        ResizedSize[] sizes = [.. images.Select(image => rule.Of((int)image.Size(1), (int)image.Size(2)))];
        var batch = Tensor.Zeros([images.Count, 3, sizes.Max(s => s.PaddedHeight), sizes.Max(s => s.PaddedWidth)]);
        for (var k = 0; k < images.Count; k++)
        {
            var normal = (images[k] - Tensor.From(mean, 3, 1, 1)) / Tensor.From(deviation, 3, 1, 1);
            var resized = normal.Unsqueeze(0).ResizeBilinear(sizes[k].Height, sizes[k].Width);
            Aten.Copy_(batch.Narrow(0, k, 1).Narrow(2, 0, sizes[k].Height).Narrow(3, 0, sizes[k].Width), resized);
        }
        return batch;
    }
}
