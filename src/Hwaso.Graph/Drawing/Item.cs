using System.Globalization;

namespace Hwaso.Graph.Drawing;

/// <summary>A part of a network on its drawing.</summary>
/// <param name="kind">How it is drawn.</param>
/// <param name="label">The first line of its text.</param>
/// <param name="shape">The shape of its output.</param>
sealed class Item(ItemKind kind, string label, IReadOnlyList<long> shape)
{
    /// <summary>How it is drawn.</summary>
    public ItemKind Kind { get; } = kind;

    /// <summary>The first line.</summary>
    public string Label { get; set; } = label;

    /// <summary>The shape of its output.</summary>
    public IReadOnlyList<long> Shape { get; set; } = shape;

    /// <summary>The module's path, for the tooltip.</summary>
    public string Path { get; init; } = "";

    /// <summary>The kind of the block; empty for others.</summary>
    public string Word { get; init; } = "";

    /// <summary>The number of blocks in a row that it stands for.</summary>
    public int Blocks { get; set; } = 1;

    /// <summary>How often the network has its parameters: its own repeats times those of the rows around it.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Whether it contains attention.</summary>
    public bool HasAttention { get; init; }

    /// <summary>Learnable parameters, of all blocks that it stands for.</summary>
    public long Parameters { get; set; }

    /// <summary>The numbers of the learnable parameters in it.</summary>
    public HashSet<int> Weights { get; } = [];

    /// <summary>The nodes it consists of.</summary>
    public List<GraphNode> Nodes { get; } = [];

    /// <summary>The parts that its inputs come from, each once.</summary>
    public List<Edge> Inputs { get; } = [];

    /// <summary>Its column, from 0.</summary>
    public int Column { get; set; }

    /// <summary>Its row, from 0.</summary>
    public int Row { get; set; }
}

/// <summary>How a part of a network is drawn.</summary>
enum ItemKind
{
    /// <summary>The network's input.</summary>
    Input,

    /// <summary>The network's output.</summary>
    Output,

    /// <summary>A box: a module whose layers are not drawn one by one.</summary>
    Block,

    /// <summary>A box: layers outside blocks, one after the other.</summary>
    Layers,

    /// <summary>A circle: several tensors become one.</summary>
    Joint,
}

/// <summary>A tensor that flows from one part to another.</summary>
/// <param name="From">The part that makes it.</param>
/// <param name="Label">The change of its size on the way, e.g. <c>↑ 2</c>; empty for none.</param>
sealed record Edge(Item From, string Label);

/// <summary>The text in a part.</summary>
static class ItemText
{
    /// <summary>The lines in a box: its name, its output's shape, its number of parameters.</summary>
    public static IReadOnlyList<string> Lines(Item item)
    {
        var shape = string.Join(" × ", item.Shape.Skip(1));
        return item.Parameters > 0 ? [item.Label, shape, $"{Short(item.Parameters)} parameters"] : [item.Label, shape];
    }

    /// <summary>A count in three digits: 69.1 M.</summary>
    public static string Short(long count) => count switch
    {
        >= 1_000_000_000 => Scaled(count / 1e9, "G"),
        >= 1_000_000 => Scaled(count / 1e6, "M"),
        >= 1_000 => Scaled(count / 1e3, "k"),
        _ => count.ToString(CultureInfo.InvariantCulture),
    };

    static string Scaled(double number, string unit) =>
        number.ToString(number >= 100 ? "0" : number >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture) + " " + unit;
}
