using Hwaso.Graph;
using Hwaso.Torch;

namespace Hwaso.Inference.Explaining;

/// <summary>How an image lies in what a network makes of it: zeros around it, if it pads, and the grid of its patches.</summary>
sealed class ImageFrame
{
    /// <summary>Reads it off a recording.</summary>
    public ImageFrame(NetworkGraph graph)
    {
        var shape = graph.Values[graph.Inputs[0]].Shape;
        (Height, Width) = ((int)shape[2], (int)shape[3]);
        (PaddedHeight, PaddedWidth) = (Height, Width);
        // aten::pad lists left, right, top, bottom.
        if (graph.Nodes.FirstOrDefault(n => n.Operator is "aten::pad" or "aten::constant_pad_nd" && n.Arguments[0].Values[0] == graph.Inputs[0]) is { } pad
            && pad.Arguments[1].Constant is { Kind: ValueKind.IntList } sides && sides.AsInts() is [var left, _, var top, _])
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
