using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Operators;

/// <summary>Collects values and nodes while a file is turned into a graph.</summary>
sealed class GraphBuilder(string place)
{
    readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

    public string Place => place;

    public List<string> Names { get; } = [];

    public List<Node> Nodes { get; } = [];

    public Dictionary<int, Constant> Constants { get; } = [];

    /// <summary>The number of the value with this name, new or not; -1 for the empty name.</summary>
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

    /// <summary>Adds a value that has no name in the file.</summary>
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

    public void Add(string nodePlace, Operator operation, int output, params int[] inputs) =>
        Nodes.Add(new Node(nodePlace, operation, inputs, output));
}

/// <summary>An operator between values.</summary>
/// <param name="Place">The file and the node, for messages.</param>
/// <param name="Operator">What it computes.</param>
/// <param name="Inputs">The numbers of its input values; -1 for an omitted one.</param>
/// <param name="Output">The number of its output value.</param>
sealed record Node(string Place, Operator Operator, int[] Inputs, int Output)
{
    /// <summary>The nodes that this one computes as well, for messages; empty if there is none.</summary>
    public string Joined { get; init; } = "";

    /// <summary>This node, which also computes what another one did.</summary>
    public Node With(Node other) => this with
    {
        Joined = $"{Joined}, {other.Place[(other.Place.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]}{other.Joined}",
    };
}
