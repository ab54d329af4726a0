using Hwaso.Imaging;
using Hwaso.Runtime;

namespace Hwaso.Inference;

/// <summary>Segmentation by an exported network on Hwaso.Runtime: an image once and whole, in tiles where memory is short.</summary>
/// <param name="model">The network, disposed with this.</param>
/// <param name="log">Receives a line where an image is segmented in tiles.</param>
sealed class RuntimeSegmentation(SegmentationModel model, Action<string>? log) : ISegmentation
{
    public string Engine => "Hwaso.Runtime";

    public int? ClassCount => model.ClassCount;

    // No image is mirrored here.
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; set; } = [];

    public LabelMap Segment(RgbImage image, int height, int width, CancellationToken stop)
    {
        if (height == image.Height && width == image.Width)
        {
            var result = model.Segment(image.Pixels, width, height, stop: stop);
            if (result.Tiles > 1)
                log?.Invoke($"{width}×{height} pixels need too much memory at once: segmented in {result.Tiles} tiles that overlap");
            return new LabelMap(width, height, result.Labels);
        }
        var labels = new byte[height * width];
        model.Segment(image.Pixels, image.Width, image.Height, labels, width, height, stop);
        return new LabelMap(width, height, labels);
    }

    public void Dispose() => model.Dispose();
}
