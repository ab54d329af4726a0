using Hwaso.Imaging;
using Hwaso.Inference;

// Outside Hwaso's namespaces, as a user's program is.
namespace Documentation.Tests;

/// <summary>The first program of docs/inference.md, word for word.</summary>
static class SegmentProgram
{
    public static void Run()
    {
        using var segmenter = Segmenter.Open("runs/mine");
        var labels = segmenter.Segment(ImageFile.ReadRgb("street.png"));
        Png.WriteIndexed("labels.png", labels, segmenter.Palette);
    }
}
