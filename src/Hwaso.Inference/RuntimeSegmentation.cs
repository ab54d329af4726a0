using Hwaso.Imaging;
using Hwaso.Recipes;
using Hwaso.Runtime;

namespace Hwaso.Inference;

/// <summary>Segmentation by an exported network on Hwaso.Runtime: an image once and whole, in tiles where memory is short.</summary>
/// <param name="model">The network, disposed with this.</param>
/// <param name="padSmallTo">
/// The size that an image is padded to where it is smaller than the network's stride, as on libtorch; null: to the stride.
/// </param>
/// <param name="log">Receives a line where an image is segmented in tiles.</param>
sealed class RuntimeSegmentation(SegmentationModel model, SizePx? padSmallTo, Action<string>? log) : ISegmentation
{
    public string Engine => "Hwaso.Runtime";

    public int? ClassCount => model.ClassCount;

    // No image is mirrored here.
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; set; } = [];

    public LabelMap Segment(RgbImage image, int height, int width, CancellationToken stop)
    {
        if (height == image.Height && width == image.Width && !model.Takes(width, height))
            return Cut(Segment(Padded(image), stop), width, height);
        if (height == image.Height && width == image.Width)
            return Segment(image, stop);
        var labels = new byte[height * width];
        model.Segment(image.Pixels, image.Width, image.Height, labels, width, height, stop);
        return new LabelMap(width, height, labels);
    }

    LabelMap Segment(RgbImage image, CancellationToken stop)
    {
        var result = model.Segment(image.Pixels, image.Width, image.Height, stop: stop);
        if (result.Tiles > 1)
            log?.Invoke(
                $"{image.Width}×{image.Height} pixels need too much memory at once: segmented in {result.Tiles} tiles that overlap");
        return new LabelMap(image.Width, image.Height, result.Labels);
    }

    // Black, right and below, as training and validation pad it.
    RgbImage Padded(RgbImage image)
    {
        var least = model.LeastSize;
        int Side(int own, int? wanted) => Math.Max(own, Math.Max(least, wanted ?? 0));
        var padded = new RgbImage(Side(image.Width, padSmallTo?.Width), Side(image.Height, padSmallTo?.Height));
        for (var y = 0; y < image.Height; y++)
            image.Pixels.AsSpan(3 * y * image.Width, 3 * image.Width).CopyTo(padded.Pixels.AsSpan(3 * y * padded.Width));
        return padded;
    }

    static LabelMap Cut(LabelMap labels, int width, int height)
    {
        var cut = new byte[width * height];
        for (var y = 0; y < height; y++)
            labels.Labels.AsSpan(y * labels.Width, width).CopyTo(cut.AsSpan(y * width));
        return new LabelMap(width, height, cut);
    }

    public void Dispose() => model.Dispose();
}
