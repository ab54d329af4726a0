namespace Hwaso.Graph.Drawing;

/// <summary>A part of a network on its drawing.</summary>
/// <param name="kind">How it is drawn.</param>
/// <param name="label">What it says in its first line.</param>
/// <param name="shape">The shape of what comes out.</param>
sealed class Item(ItemKind kind, string label, IReadOnlyList<long> shape)
{
    /// <summary>How it is drawn.</summary>
    public ItemKind Kind { get; } = kind;

    /// <summary>The first line.</summary>
    public string Label { get; set; } = label;

    /// <summary>The shape of what comes out.</summary>
    public IReadOnlyList<long> Shape { get; set; } = shape;

    /// <summary>Which part of the network it is, for the tooltip.</summary>
    public string Path { get; init; } = "";

    /// <summary>The kind of the block; empty for others.</summary>
    public string Word { get; init; } = "";

    /// <summary>How many blocks of a row it stands for.</summary>
    public int Blocks { get; set; } = 1;

    /// <summary>How often its parameters are there: foldings of itself and of what stands around it.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Whether it weighs by attention.</summary>
    public bool HasAttention { get; init; }

    /// <summary>Learnable parameters, of all that it stands for.</summary>
    public long Parameters { get; set; }

    /// <summary>The nodes it consists of.</summary>
    public List<GraphNode> Nodes { get; } = [];

    /// <summary>Where its inputs come from, each once.</summary>
    public List<Edge> Inputs { get; } = [];

    /// <summary>Its column, from 0.</summary>
    public int Column { get; set; }

    /// <summary>Its row, from 0.</summary>
    public int Row { get; set; }
}
