using Hwaso.Graph;

namespace Hwaso.Inference.Explaining;

/// <summary>The map whose pixels or patches are tokens of an attention; other tokens stand before them.</summary>
/// <param name="Height">Rows of the map.</param>
/// <param name="Width">Its columns.</param>
/// <param name="Before">How many tokens stand before it: class token, registers, queries.</param>
sealed record TokenGrid(int Height, int Width, int Before)
{
    /// <summary>
    /// Follows tokens back through a recording to the map that they were made of: a map that was flattened, or a convolution's; null where
    /// there is none, as for queries.
    /// </summary>
    /// <param name="graph">The recording.</param>
    /// <param name="makers">The operator that made each value.</param>
    /// <param name="value">The queries or keys of an attention.</param>
    /// <param name="tokens">How many they are.</param>
    public static TokenGrid? Of(NetworkGraph graph, IReadOnlyDictionary<int, GraphNode> makers, int value, int tokens)
    {
        while (makers.TryGetValue(value, out var node) && node.Arguments[0].Values is { Count: > 0 } sources)
        {
            // Patches stand behind what was joined to them, and what was added to tokens is not where they come from.
            var source = sources[^1];
            var map = node.Operator == "aten::conv2d" ? graph.Values[value].Shape
                : node.Operator == "aten::flatten.using_ints" ? graph.Values[source].Shape : [];
            if (map.Count == 4 && map[2] * map[3] <= tokens)
                return new TokenGrid((int)map[2], (int)map[3], (int)(tokens - map[2] * map[3]));
            value = source;
        }
        return null;
    }

    /// <summary>The token of a pixel of the image.</summary>
    public int At((int X, int Y) pixel, ImageFrame frame) => Before + (pixel.Y + frame.Top) * Height / frame.PaddedHeight * Width
        + (pixel.X + frame.Left) * Width / frame.PaddedWidth;
}
