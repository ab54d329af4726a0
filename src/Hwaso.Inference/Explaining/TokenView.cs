using Hwaso.Graph;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Inference.Explaining;

/// <summary>The attention of tokens, as maps over the image.</summary>
/// <param name="graph">The recording.</param>
/// <param name="frame">How the image lies in it.</param>
/// <param name="queries">Q, how many queries the network has; 0 for none.</param>
sealed class TokenView(NetworkGraph graph, ImageFrame frame, int queries)
{
    readonly Dictionary<int, GraphNode> makers =
        graph.Nodes.SelectMany(n => n.Results.Select(r => (Result: r, Node: n))).ToDictionary(p => p.Result, p => p.Node);

    /// <summary>
    /// For each module the mean over heads of the attention to pixels or patches, from one token: the query asked for where the module has
    /// queries, else the patch at a pixel, the class token, or all in the mean. Modules whose tokens are no map of the image have none.
    /// </summary>
    /// <param name="maps">The recorded attention of all modules.</param>
    /// <param name="weights">The weights [1, heads, T, S] of a map: all T queries, in one part or several.</param>
    /// <param name="question">Which token is asked for.</param>
    public IEnumerable<(string Module, string What, AttentionView View)> Of(
        IEnumerable<AttentionMap> maps, Func<AttentionMap, (long[] Shape, float[] Values)> weights, AttentionQuestion question)
    {
        var modules = maps.GroupBy(m => m.Place).Select(g => new Module(g.Key, [.. g.Select(weights)], GridsOf(g)))
            .Where(m => m.Keys is not null && m.Parts.TrueForAll(p => p.Shape is [1, _, _, _])).ToArray();
        // Where a block's tokens begin with queries, its map begins later than in blocks without.
        var least = modules.Where(m => m.Queries is not null).Select(m => m.Queries!.Before).DefaultIfEmpty(0).Min();
        return modules.Select(m =>
        {
            var hasQueries = m.Queries is { } grid ? queries > 0 && grid.Before == least + queries : m.Rows == queries;
            if (hasQueries && question.Query is { } query)
                return (m.Name, $"query{query}", Cropped(m.Mean(query)));
            int? row = m.Queries is not { } own ? null
                : question.At is { } pixel ? own.At(pixel, frame)
                : own.Before == 0 ? null
                : hasQueries ? queries : 0;
            return (m.Name, "", Cropped(m.Mean(row)));
        });
    }

    (TokenGrid? Queries, TokenGrid? Keys) GridsOf(IEnumerable<AttentionMap> parts)
    {
        // Queries are cut into parts where there are many; keys never are.
        var softmax = makers[parts.First().Value];
        var product = AttentionMap.ProductOf(makers, softmax.Arguments[0].Values[0])!;
        var keys = (int)graph.Values[softmax.Results[0]].Shape[^1];
        var rows = parts.Sum(p => (int)graph.Values[p.Value].Shape[^2]);
        return (TokenGrid.Of(graph, makers, product.Arguments[0].Values[0], rows),
            TokenGrid.Of(graph, makers, product.Arguments[1].Values[0], keys));
    }

    // Patches that lie half in the padding: cut at the image's edge, pixel by pixel.
    AttentionView Cropped(AttentionView view)
    {
        if ((frame.PaddedHeight, frame.PaddedWidth) == (frame.Height, frame.Width))
            return view;
        using var scope = new Scope();
        var whole = Tensor.From(view.Values, 1, 1, view.Height, view.Width).ResizeBilinear(frame.PaddedHeight, frame.PaddedWidth);
        var image = whole.Narrow(2, frame.Top, frame.Height).Narrow(3, frame.Left, frame.Width);
        return new AttentionView("", frame.Width, frame.Height, image.ToArray<float>());
    }

    /// <summary>A module's weights, and the maps that its queries and keys are of.</summary>
    sealed class Module(string name, List<(long[] Shape, float[] Values)> parts, (TokenGrid? Queries, TokenGrid? Keys) grids)
    {
        public string Name => name;

        public List<(long[] Shape, float[] Values)> Parts => parts;

        public TokenGrid? Queries => grids.Queries;

        public TokenGrid? Keys => grids.Keys;

        public long Rows => parts.Sum(p => p.Shape[2]);

        /// <summary>The mean over heads of one row, or of all.</summary>
        public AttentionView Mean(int? row)
        {
            var grid = Keys!;
            var map = new double[grid.Height * grid.Width];
            var (from, count) = (0L, 0L);
            foreach (var (shape, values) in parts)
            {
                for (var h = 0L; h < shape[1]; h++)
                    for (var t = 0L; t < shape[2]; t++)
                    {
                        if (row is not null && row != from + t)
                            continue;
                        count++;
                        var start = ((h * shape[2] + t) * shape[3]) + grid.Before;
                        for (var k = 0; k < map.Length; k++)
                            map[k] += values[start + k];
                    }
                from += shape[2];
            }
            return new AttentionView("", grid.Width, grid.Height, [.. map.Select(v => (float)(v / count))]);
        }
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
