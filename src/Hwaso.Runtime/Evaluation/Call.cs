using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Computes a node's outputs from its inputs.</summary>
delegate Value?[] Rule(Call call);

/// <summary>One computation of a node: its inputs, and helpers to read them.</summary>
/// <param name="place">The node, for messages.</param>
/// <param name="inputs">Its inputs; null for an omitted one.</param>
/// <param name="outputs">The number of outputs that the node has.</param>
/// <param name="scope">The values that the graphs in the node's attributes see.</param>
/// <param name="mostBytes">The most bytes of one value.</param>
sealed class Call(string place, Value?[] inputs, int outputs, Scope scope, long mostBytes)
{
    public string Place => place;

    public int Inputs => inputs.Length;

    public int Outputs => outputs;

    public Scope Scope => scope;

    public Value this[int input] => Optional(input) ?? throw Refuse($"input {input} is missing");

    public Value? Optional(int input) => input < inputs.Length ? inputs[input] : null;

    public bool Has(int input) => Optional(input) is not null;

    /// <summary>The integers of an input.</summary>
    public long[] Ints(int input, string what)
    {
        var value = this[input];
        return !value.IsReal ? value.Ints.ToArray() : throw Refuse($"its {what} {value} are not integers");
    }

    /// <summary>The only number of an input; a default if it is omitted.</summary>
    public double Number(int input, double otherwise) => Optional(input) is not { } value ? otherwise
        : value.Count == 1 ? value[0]
        : throw Refuse($"input {input} {value}: one number was wanted");

    /// <summary>An axis by ONNX's rule: negative ones count from the end.</summary>
    public int Axis(long axis, int rank) =>
        axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : throw Refuse($"axis {axis} is outside the {rank} dimensions");

    /// <summary>Sizes that were computed from numbers; they must give a tensor that fits the allowed memory.</summary>
    public int[] Sizes(IEnumerable<long> sizes)
    {
        var shape = sizes.ToArray();
        Int128 count = 1;
        foreach (var size in shape)
            if (size < 0 || (count *= Math.Max(size, 1)) * sizeof(double) > mostBytes)
            {
                var text = string.Join(", ", shape.Take(16));
                throw size < 0
                    ? Refuse($"a size is negative: [{text}]")
                    : new ModelFormatException(place, $"a tensor of sizes [{text}] needs more than the {mostBytes >> 20} MiB allowed")
                    {
                        IsTooLarge = true,
                    };
            }
        return Array.ConvertAll(shape, s => (int)s);
    }

    public int[] Sizes(params int[] sizes) => Sizes(sizes.Select(s => (long)s));

    /// <summary>An array with a number for each element of a shape.</summary>
    public double[] Doubles(int[] shape) => new double[Value.Product(Sizes(shape))];

    /// <summary>Broadcasts two shapes.</summary>
    public int[] Broadcast(int[] a, int[] b)
    {
        var shape = new int[Math.Max(a.Length, b.Length)];
        for (var k = 1; k <= shape.Length; k++)
        {
            var (x, y) = (k <= a.Length ? a[^k] : 1, k <= b.Length ? b[^k] : 1);
            shape[^k] = x == y || y == 1 ? x
                : x == 1 ? y
                : throw Refuse($"sizes [{string.Join(", ", a)}] and [{string.Join(", ", b)}] cannot be broadcast to each other");
        }
        return Sizes(shape);
    }

    /// <summary>The elements of a tensor that is broadcast to a larger shape, in double precision.</summary>
    public double[] Spread(Value value, int[] shape)
    {
        var from = value.ToDoubles();
        if (value.Shape.AsSpan().SequenceEqual(shape))
            return from;
        var to = Doubles(shape);
        if (from.Length == 1)
            Array.Fill(to, from[0]);
        else if (to.Length > 0)
        {
            var indices = Broadcasting.Indices(value.Shape, shape);
            for (var k = 0; k < to.Length; k++)
                to[k] = from[indices[k]];
        }
        return to;
    }

    public ModelFormatException Refuse(string problem) => new(place, problem);
}

/// <summary>The values that a graph sees: its own, its weights, and those of the graph around it.</summary>
sealed class Scope(Scope? around, RunTools tools, IReadOnlyDictionary<string, Value> weights)
{
    readonly Dictionary<string, Value> values = new(StringComparer.Ordinal);

    public RunTools Tools => tools;

    public Value? Find(string name) => values.TryGetValue(name, out var value) || weights.TryGetValue(name, out value)
        ? value
        : around?.Find(name);

    public void Set(string name, Value value)
    {
        Drop(name);
        values[name] = value;
        tools.Hold(value.Bytes);
    }

    public void Drop(string name)
    {
        if (values.Remove(name, out var gone))
            tools.Hold(-gone.Bytes);
    }

    /// <summary>Drops all values.</summary>
    public void Clear()
    {
        foreach (var name in values.Keys.ToArray())
            Drop(name);
    }
}
