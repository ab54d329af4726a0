namespace Hwaso.Graph.Drawing;

/// <summary>Decides which modules are drawn as one box, and which rows of modules get a frame around their parts.</summary>
sealed class Boxes
{
    const string Container = "Sequential";
    const int MostLayers = 8;

    readonly NetworkGraph graph;
    readonly Dictionary<int, PlaceNode> boxOfNode = [];
    readonly HashSet<string> layers = new(StringComparer.Ordinal);
    readonly HashSet<string> attentive;
    readonly List<FramedRow> frames = [];

    /// <summary>Decides for a recorded network.</summary>
    public Boxes(NetworkGraph graph, PlaceNode root, Repeats repeats)
    {
        this.graph = graph;
        attentive = AttentionMap.Of(graph).Select(m => m.Place).ToHashSet(StringComparer.Ordinal);
        Find(root, repeats, isRoot: true);
    }

    /// <summary>Rows of equal modules that are no box themselves.</summary>
    public IReadOnlyList<FramedRow> Frames => frames;

    /// <summary>The module in whose box a node is drawn; null outside boxes.</summary>
    public PlaceNode? Of(GraphNode node) => boxOfNode.GetValueOrDefault(node.Index);

    /// <summary>Whether the module at a path runs no other module.</summary>
    public bool IsLayer(string path) => layers.Contains(path);

    /// <summary>Whether the module at a path weighs by attention.</summary>
    public bool IsAttentive(string path) => attentive.Contains(path);

    /// <summary>Whether a module is only a group of layers, without a name that a reader knows.</summary>
    public static bool IsContainer(PlaceNode node) => node.Place.Kind == Container;

    /// <summary>Whether a module adds its inputs: the last operator of its own, an activation aside, is a sum.</summary>
    public bool IsSum(PlaceNode node)
    {
        if (node.Place.Inputs.Count < 2 || !HasOnlyLayers(node))
            return false;
        var own = graph.NodesOf(node.Place).Where(n => n.Place == node.Place.Path && n.Operator != "aten::relu");
        return own.LastOrDefault()?.Operator == "aten::add.Tensor";
    }

    void Find(PlaceNode node, Repeats repeats, bool isRoot)
    {
        if (node.Height == 0)
            layers.Add(node.Place.Path);
        if (!isRoot && IsBox(node))
        {
            for (var n = node.Place.FirstNode; n < node.Place.EndNode; n++)
                boxOfNode[n] = node;
            return;
        }
        if (!isRoot && repeats.Times(node) is > 1 and var times)
            frames.Add(new FramedRow(node.Place, times));
        foreach (var child in node.Children)
            Find(child, repeats, isRoot: false);
    }

    // A paper draws a module as one box that has one output, few layers, and below it nothing but groups of layers. A module that fans its
    // input out to three or more is drawn with its branches.
    bool IsBox(PlaceNode node)
    {
        if (attentive.Contains(node.Place.Path) && node.Height is >= 1 and <= 3 && HasOnlyLayers(node))
            return true;
        if (node.Place.Outputs.Count != 1)
            return false;
        return node.Height switch
        {
            1 => !IsContainer(node) || Matrices(node) > 0,
            2 or 3 => !IsContainer(node) && ((node.Place.Inputs.Count > 1 && HasOnlyLayers(node)) || IsSmall(node)),
            _ => false,
        };
    }

    bool IsSmall(PlaceNode node) =>
        node.Children.All(c => HasOnlyLayers(c) || (IsContainer(c) && c.Children.All(HasOnlyLayers)))
        && node.Children.Count(c => c.Place.Inputs.Any(node.Place.Inputs.Contains)) <= 2
        && Matrices(node) <= MostLayers;

    /// <summary>How many parameters of more than one dimension a module has: one for each convolution or linear layer.</summary>
    int Matrices(PlaceNode node) =>
        graph.NodesOf(node.Place).SelectMany(graph.ParametersOf).Distinct().Count(p => graph.Values[p].Shape.Count > 1);

    static bool HasOnlyLayers(PlaceNode node) => node.Children.All(c => c.Height == 0 || (IsContainer(c) && HasOnlyLayers(c)));
}

/// <summary>A module that stands for a row of equal ones, and how many they are.</summary>
sealed record FramedRow(GraphPlace First, int Times)
{
    /// <summary>Whether a node runs in the module.</summary>
    public bool Holds(GraphNode node) => node.Index >= First.FirstNode && node.Index < First.EndNode;

    /// <summary>Whether another module runs in this one.</summary>
    public bool Holds(GraphPlace other) => First.FirstNode <= other.FirstNode && First.EndNode >= other.EndNode;
}
