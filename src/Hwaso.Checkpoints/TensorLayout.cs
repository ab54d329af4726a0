namespace Hwaso.Checkpoints;

/// <summary>Other programs' layouts of a tensor as the authors'.</summary>
static class TensorLayout
{
    /// <summary>[C, 1, 1] as [C].</summary>
    public static IEnumerable<(string, HostTensor)> Flat(HostTensor tensor, string name) => [(name, Shaped(tensor, tensor.Count))];

    /// <summary>[T, D] as [1, T, D].</summary>
    public static IEnumerable<(string, HostTensor)> AsOne(HostTensor tensor, string name) => [(name, Shaped(tensor, [1, .. tensor.Shape]))];

    /// <summary>The weight of a 1×1 convolution as a linear layer's; biases stay.</summary>
    public static IEnumerable<(string, HostTensor)> Linear(HostTensor tensor, string name) =>
        [(name, tensor.Shape is [var rows, var columns, 1, 1] ? Shaped(tensor, rows, columns) : tensor)];

    /// <summary>[T²] as [T, T].</summary>
    public static IEnumerable<(string, HostTensor)> Square(HostTensor tensor, string name)
    {
        var side = (long)Math.Round(Math.Sqrt(tensor.Count));
        return [(name, side * side == tensor.Count ? Shaped(tensor, side, side) : tensor)];
    }

    /// <summary>Rows of queries, keys and values as those of queries, <c>….q.weight</c>, and of the rest, <c>….kv.weight</c>.</summary>
    public static IEnumerable<(string, HostTensor)> QueryAndRest(HostTensor tensor, string name)
    {
        const int Kinds = 3;
        if (tensor.Shape.Length == 0 || tensor.Shape[0] % Kinds != 0)
            return [(name, tensor)];
        var (first, at) = (tensor.Shape[0] / Kinds, tensor.Data.Length / Kinds);
        return
        [
            (name, new HostTensor(tensor.Type, [first, .. tensor.Shape[1..]], tensor.Data[..at])),
            (name.Replace(".attn.q.", ".attn.kv.", StringComparison.Ordinal),
                new HostTensor(tensor.Type, [2 * first, .. tensor.Shape[1..]], tensor.Data[at..])),
        ];
    }

    /// <summary>
    /// Patch merging of mmsegmentation: four tokens' channels lie channel by channel, and the second and third token are exchanged.
    /// </summary>
    public static IEnumerable<(string, HostTensor)> MergedByUnfold(HostTensor tensor, string name)
    {
        const int Tokens = 4;
        var size = ElementSize.Of(tensor.Type);
        if (tensor.Shape.Length is not (1 or 2) || tensor.Shape[^1] % Tokens != 0)
            return [(name, tensor)];
        int[] order = [0, 2, 1, 3];
        var (columns, to) = ((int)tensor.Shape[^1], new byte[tensor.Data.Length]);
        var from = tensor.Data.Span;
        var channels = columns / Tokens;
        for (var row = 0; row < tensor.Count / columns; row++)
            for (var token = 0; token < Tokens; token++)
                for (var c = 0; c < channels; c++)
                    from.Slice((row * columns + c * Tokens + order[token]) * size, size)
                        .CopyTo(to.AsSpan((row * columns + token * channels + c) * size));
        return [(name, new HostTensor(tensor.Type, tensor.Shape, to))];
    }

    /// <summary>The rows of one tensor, then those of another of the same columns.</summary>
    public static HostTensor Rows(HostTensor first, HostTensor second)
    {
        var both = new byte[first.Data.Length + second.Data.Length];
        first.Data.Span.CopyTo(both);
        second.Data.Span.CopyTo(both.AsSpan(first.Data.Length));
        return new HostTensor(first.Type, [first.Shape[0] + second.Shape[0], .. first.Shape[1..]], both);
    }

    static HostTensor Shaped(HostTensor tensor, params long[] shape) => new(tensor.Type, shape, tensor.Data);
}
