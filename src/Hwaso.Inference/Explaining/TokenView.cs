using Hwaso.Graph;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Inference.Explaining;

/// <summary>The attention of one token, as a map over the image.</summary>
static class TokenView
{
    const int MostExtraTokens = 16;

    /// <summary>
    /// The mean over heads of the attention of the class token, or of the patch at a pixel, to the patches; null where tokens are no
    /// patches
    /// of the image.
    /// </summary>
    /// <param name="graph">The recording.</param>
    /// <param name="frame">How the image lies in it.</param>
    /// <param name="parts">Attention weights [1, heads, queries, tokens]: all queries, in one part or several.</param>
    /// <param name="at">The pixel; null for the class token.</param>
    public static AttentionView? Of(
        NetworkGraph graph, ImageFrame frame, IReadOnlyList<(long[] Shape, float[] Values)> parts, (int X, int Y)? at)
    {
        if (parts[0].Shape.Length != 4)
            return null;
        var tokens = (int)parts[0].Shape[3];
        // Patches are what a convolution of the image made; class token and registers stand before them.
        var patches = graph.Nodes.Where(n => n.Operator == "aten::conv2d").Select(n => graph.Values[n.Results[0]].Shape)
            .FirstOrDefault(s => tokens - s[2] * s[3] is >= 0 and <= MostExtraTokens);
        if (patches is null)
            return null;
        var (height, width) = ((int)patches[2], (int)patches[3]);
        var first = tokens - height * width;
        var query = 0;
        if (at is { } pixel)
            query = first + ((pixel.Y + frame.Top) * height / frame.PaddedHeight * width)
                + ((pixel.X + frame.Left) * width / frame.PaddedWidth);
        foreach (var (shape, values) in parts)
        {
            var (heads, queries) = ((int)shape[1], (int)shape[2]);
            if (query >= queries)
            {
                query -= queries;
                continue;
            }
            var map = new float[height * width];
            for (var h = 0; h < heads; h++)
                for (var k = 0; k < map.Length; k++)
                    map[k] += values[(h * queries + query) * tokens + first + k] / heads;
            return Cropped(frame, new AttentionView("", width, height, map));
        }
        return null;
    }

    // Patches that lie half in the padding: cut at the image's edge, pixel by pixel.
    static AttentionView Cropped(ImageFrame frame, AttentionView view)
    {
        if ((frame.PaddedHeight, frame.PaddedWidth) == (frame.Height, frame.Width))
            return view;
        using var scope = new Scope();
        var whole = Tensor.From(view.Values, 1, 1, view.Height, view.Width).ResizeBilinear(frame.PaddedHeight, frame.PaddedWidth);
        var image = whole.Narrow(2, frame.Top, frame.Height).Narrow(3, frame.Left, frame.Width);
        return new AttentionView("", frame.Width, frame.Height, image.ToArray<float>());
    }
}

/// <summary>The place of an image in a network's padded input.</summary>
sealed class ImageFrame
{
    /// <summary>Reads the padding from a recording.</summary>
    public ImageFrame(NetworkGraph graph)
    {
        var shape = graph.Values[graph.Inputs[0]].Shape;
        (Height, Width) = ((int)shape[2], (int)shape[3]);
        (PaddedHeight, PaddedWidth) = (Height, Width);
        // aten::pad lists left, right, top, bottom.
        var first = graph.Nodes.FirstOrDefault(
            n => n.Operator is "aten::pad" or "aten::constant_pad_nd" && n.Arguments[0].Values[0] == graph.Inputs[0]);
        if (first is { } pad && pad.Arguments[1].Constant is { Kind: ValueKind.IntList } sides
            && sides.AsInts() is [var left, _, var top, _])
        {
            (Left, Top) = ((int)left, (int)top);
            var padded = graph.Values[pad.Results[0]].Shape;
            (PaddedHeight, PaddedWidth) = ((int)padded[2], (int)padded[3]);
        }
    }

    public int Height { get; }

    public int Width { get; }

    public int PaddedHeight { get; }

    public int PaddedWidth { get; }

    public int Left { get; }

    public int Top { get; }
}
