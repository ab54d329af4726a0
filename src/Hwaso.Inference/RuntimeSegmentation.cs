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

    public int Channels => model.Channels;

    /// <summary>Whether a colour image may be given for one with an alpha.</summary>
    public bool MayAddAlpha => model is { Channels: 4, TakesColours: true };

    public int? ClassCount => model.ClassCount;

    // No image is mirrored here.
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; set; } = [];

    public LabelMap Segment(ChannelImage image, int height, int width, CancellationToken stop)
    {
        if (height == image.Height && width == image.Width && !model.Takes(width, height))
            return Cut(Segment(Padded(image), stop), width, height);
        if (height == image.Height && width == image.Width)
            return Segment(image, stop);
        var labels = new byte[height * width];
        if (image.Words is { } words)
            model.SegmentDeep(words, image.Width, image.Height, labels, width, height, stop);
        else
            model.Segment(image.Bytes, image.Width, image.Height, labels, width, height, stop);
        return new LabelMap(width, height, labels);
    }

    LabelMap Segment(ChannelImage image, CancellationToken stop)
    {
        var result = image.Words is { } words
            ? model.SegmentDeep(words, image.Width, image.Height, stop: stop)
            : model.Segment(image.Bytes, image.Width, image.Height, stop: stop);
        if (result.Tiles > 1)
            log?.Invoke(
                $"{image.Width}×{image.Height} pixels need too much memory at once: segmented in {result.Tiles} tiles that overlap");
        return new LabelMap(image.Width, image.Height, result.Labels);
    }

    // Black, right and below, as training and validation pad it.
    ChannelImage Padded(ChannelImage image)
    {
        var least = model.LeastSize;
        int Side(int own, int? wanted) => Math.Max(own, Math.Max(least, wanted ?? 0));
        var (width, height) = (Side(image.Width, padSmallTo?.Width), Side(image.Height, padSmallTo?.Height));
        return image.Words is { } words
            ? new ChannelImage(width, height, image.Channels, Bordered(words))
            : new ChannelImage(width, height, image.Channels, Bordered(image.Bytes!));

        T[] Bordered<T>(T[] values)
        {
            var bordered = new T[width * height * image.Channels];
            var row = image.Width * image.Channels;
            for (var y = 0; y < image.Height; y++)
                values.AsSpan(y * row, row).CopyTo(bordered.AsSpan(y * width * image.Channels));
            return bordered;
        }
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
