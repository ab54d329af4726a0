using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Operators;

/// <summary>Reads a node's attributes for its operator, and refuses attributes that the operator does not read.</summary>
sealed class NodeAttributes(OnnxNode node, int opset, string place)
{
    readonly HashSet<string> read = new(StringComparer.Ordinal);

    public OnnxNode Node => node;

    public int Opset => opset;

    public string Place => place;

    public long Int(string name, long otherwise) => Find(name) is not { } a ? otherwise : a.Int ?? throw Wrong(name, "an integer");

    public bool Flag(string name, bool otherwise = false) => Int(name, otherwise ? 1 : 0) != 0;

    public float Float(string name, float otherwise) => Find(name) is not { } a ? otherwise : a.Float ?? throw Wrong(name, "a number");

    public string Text(string name, string otherwise) => Find(name) is not { } a ? otherwise : a.Text ?? throw Wrong(name, "a text");

    /// <summary>A list of integers; null if the attribute is missing.</summary>
    public long[]? Ints(string name) =>
        Find(name) is not { } a ? null : a.Int is null && a.Float is null ? a.Ints : throw Wrong(name, "a list of integers");

    public float[]? Floats(string name) =>
        Find(name) is not { } a ? null : a.Int is null && a.Float is null ? a.Floats : throw Wrong(name, "a list of numbers");

    public OnnxTensor? Tensor(string name) => Find(name) is not { } a ? null : a.Tensor ?? throw Wrong(name, "a tensor");

    /// <summary>A graph; null if the attribute is missing.</summary>
    public OnnxGraph? Graph(string name) => Find(name) is not { } a ? null : a.Graphs is [var one] ? one : throw Wrong(name, "a graph");

    /// <summary>A list of integers of the same length as its default, each from 0 to a bound.</summary>
    public int[] Ints(string name, int[] otherwise, int most)
    {
        if (Ints(name) is not { } given)
            return otherwise;
        if (given.Length != otherwise.Length || given.Any(v => v < 0 || v > most))
            throw new ModelFormatException(place,
                $"{name} [{string.Join(", ", given.Take(8))}]: {otherwise.Length} numbers from 0 to {most} were wanted");
        return Array.ConvertAll(given, v => (int)v);
    }

    /// <summary>Accepts attributes that have no effect on inference.</summary>
    public void Ignore(params string[] names) => read.UnionWith(names);

    /// <summary>Refuses attributes that were neither read nor accepted.</summary>
    public void Finish()
    {
        if (node.Attributes.Keys.FirstOrDefault(a => !read.Contains(a)) is { } unknown)
            throw new ModelFormatException(place, $"attribute {unknown} is not supported");
    }

    public ModelFormatException Refuse(string problem) => new(place, problem);

    OnnxAttribute? Find(string name)
    {
        read.Add(name);
        return node.Attributes.GetValueOrDefault(name);
    }

    ModelFormatException Wrong(string name, string wanted) => new(place, $"attribute {name} is not {wanted}");
}
