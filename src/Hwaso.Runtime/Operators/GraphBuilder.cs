using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Operators;

/// <summary>Values and nodes while a file is turned into a graph.</summary>
sealed class GraphBuilder(string place)
{
    readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

    public string Place => place;

    public List<string> Names { get; } = [];

    public List<Node> Nodes { get; } = [];

    public Dictionary<int, Constant> Constants { get; } = [];

    /// <summary>The number of a name, known or not; -1 of the empty one.</summary>
    public int Value(string name)
    {
        if (name.Length == 0)
            return -1;
        if (!numbers.TryGetValue(name, out var number))
        {
            numbers[name] = number = Names.Count;
            Names.Add(name);
        }
        return number;
    }

    /// <summary>A value without a name in the file.</summary>
    public int Fresh(string name)
    {
        Names.Add(name);
        return Names.Count - 1;
    }

    public int Constant(Constant constant)
    {
        var number = Fresh("");
        Constants[number] = constant;
        return number;
    }

    public void Add(string nodePlace, Operator operation, int output, params int[] inputs) => Nodes.Add(new Node(nodePlace, operation, inputs, output));
}

/// <summary>An operator between values.</summary>
/// <param name="Place">The file and its node, for messages.</param>
/// <param name="Operator">What it does.</param>
/// <param name="Inputs">Numbers of values; -1 where one is left out.</param>
/// <param name="Output">The number of the value it makes.</param>
sealed record Node(string Place, Operator Operator, int[] Inputs, int Output);
