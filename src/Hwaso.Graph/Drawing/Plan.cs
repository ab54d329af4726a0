namespace Hwaso.Graph.Drawing;

/// <summary>The parts of a network and how they hang together: what a drawing shows, before anything has a place on it.</summary>
sealed class Plan
{
    const string Container = "Sequential";
    const int MostLayers = 8;

    readonly NetworkGraph graph;
    readonly Dictionary<int, PlaceNode> blocks = [];
    readonly Dictionary<string, PlaceNode> leaves = new(StringComparer.Ordinal);
    readonly Dictionary<int, int> times = [];
    readonly HashSet<int> left = [];
    readonly Dictionary<int, int> alias = [];
    readonly Dictionary<int, Edge> sources = [];
    readonly Dictionary<int, int> uses = [];
    readonly Dictionary<PlaceNode, Item> drawn = [];
    readonly HashSet<string> attentive;
    readonly List<(Item Item, HashSet<int> Parameters)> counted = [];
    readonly List<(PlaceNode Node, int Times)> framed = [];

    Plan(NetworkGraph graph)
    {
        this.graph = graph;
        attentive = AttentionMap.Of(graph).Select(m => m.Place).ToHashSet(StringComparer.Ordinal);
        var root = PlaceNode.Root(graph);
        foreach (var folding in Folding.Of(graph, root))
            Fold(folding);
        Find(root, isRoot: true);
        foreach (var value in graph.Nodes.Where(n => !left.Contains(n.Index)).SelectMany(n => n.Arguments.SelectMany(a => a.Values).Distinct()).Concat(graph.Outputs).Where(v => v >= 0))
            uses[Alias(value)] = uses.GetValueOrDefault(Alias(value)) + 1;
    }

    /// <summary>The parts, each behind those that it takes its inputs from.</summary>
    public List<Item> Items { get; } = [];

    /// <summary>Equal parts that stand one behind the other and of which one is drawn: where to put a frame, and how many they are.</summary>
    public List<(IReadOnlyList<Item> Items, string Label)> Frames { get; } = [];

    /// <summary>Finds the parts of a recorded network.</summary>
    public static Plan Of(NetworkGraph graph)
    {
        var plan = new Plan(graph);
        plan.Build();
        return plan;
    }

    void Fold(Folding folding)
    {
        var (first, last) = (folding.First.Place, folding.Last.Place);
        if (left.Contains(first.FirstNode))
            return;
        for (var n = first.EndNode; n < last.EndNode; n++)
            left.Add(n);
        foreach (var (from, to) in last.Outputs.Zip(first.Outputs))
            alias[from] = to;
        times[first.FirstNode << 8 | first.Depth] = folding.Times;
    }

    int Times(PlaceNode node) => times.GetValueOrDefault(node.Place.FirstNode << 8 | node.Place.Depth, 1);

    int Alias(int value) => alias.TryGetValue(value, out var other) ? Alias(other) : value;

    void Find(PlaceNode node, bool isRoot)
    {
        if (node.Height == 0)
            leaves.TryAdd(node.Place.Path, node);
        if (!isRoot && IsBlock(node))
        {
            for (var n = node.Place.FirstNode; n < node.Place.EndNode; n++)
                blocks[n] = node;
            return;
        }
        if (!isRoot && Times(node) > 1)
            framed.Add((node, Times(node)));
        foreach (var child in node.Children)
            Find(child, isRoot: false);
    }

    // One output, few layers, and below it nothing but groups of layers: what a paper draws as one box. What fans its input out to three or more is
    // drawn with its branches.
    bool IsBlock(PlaceNode node) => attentive.Contains(node.Place.Path) && node.Height is >= 1 and <= 3 && OnlyLayers(node) || node.Place.Outputs.Count == 1 && node.Height switch
    {
        1 => Parameters(node).Any(p => graph.Values[p].Shape.Count > 1) || node.Place.Kind != Container,
        2 or 3 => node.Place.Kind != Container && (node.Place.Inputs.Count > 1 && OnlyLayers(node) || IsSmall(node)),
        _ => false,
    };

    bool IsSmall(PlaceNode node) => node.Children.All(c => OnlyLayers(c) || c.Place.Kind == Container && c.Children.All(OnlyLayers))
        && node.Children.Count(c => c.Place.Inputs.Any(node.Place.Inputs.Contains)) <= 2
        && Parameters(node).Count(p => graph.Values[p].Shape.Count > 1) <= MostLayers;

    // Its own last operator, but for an activation, adds.
    bool IsJoint(PlaceNode node) => node.Place.Inputs.Count > 1 && OnlyLayers(node)
        && graph.Nodes.Take(node.Place.EndNode).Skip(node.Place.FirstNode).LastOrDefault(n => n.Place == node.Place.Path && n.Operator != "aten::relu")?.Operator == "aten::add.Tensor";

    static bool OnlyLayers(PlaceNode node) => node.Children.All(c => c.Height == 0 || c.Place.Kind == Container && OnlyLayers(c));

    HashSet<int> Parameters(PlaceNode node) => graph.Nodes.Skip(node.Place.FirstNode).Take(node.Place.EndNode - node.Place.FirstNode)
        .SelectMany(n => n.Arguments).SelectMany(a => a.Values).Where(v => v >= 0 && graph.Values[v].IsParameter).ToHashSet();

    void Build()
    {
        foreach (var input in graph.Inputs)
            sources[input] = new Edge(Add(new Item(ItemKind.Input, "input", graph.Values[input].Shape)), "");
        foreach (var node in graph.Nodes)
            if (!left.Contains(node.Index))
                Place(node);
        foreach (var output in graph.Outputs)
            if (sources.TryGetValue(Alias(output), out var source))
            {
                var item = Add(new Item(ItemKind.Output, "output", graph.Values[output].Shape));
                item.Inputs.Add(source);
            }
        foreach (var (item, parameters) in counted)
            item.Parameters = item.Times * parameters.Sum(p => graph.Values[p].Elements);
        foreach (var item in Items.Where(i => i.Kind == ItemKind.Layers))
            item.Label = LayerWords.Of(graph, item.Nodes);
        Merge();
        foreach (var (node, count) in framed)
            if (Items.Where(i => i.Nodes.Any(n => n.Index >= node.Place.FirstNode && n.Index < node.Place.EndNode)).ToArray() is { Length: > 0 } inside)
                Frames.Add((inside, $"{count} × {node.Place.Kind}"));
    }

    // Blocks of one kind and size in a row: the first may differ in its stride or its shortcut.
    void Merge()
    {
        var readers = Items.SelectMany(i => i.Inputs).GroupBy(e => e.From).ToDictionary(g => g.Key, g => g.Count());
        foreach (var item in Items.ToArray())
            if (item is { Kind: ItemKind.Block, Inputs: [{ Label: "", From: { Kind: ItemKind.Block } before }] } && item.Word == before.Word && item.Word.Length > 0
                && item.Shape.SequenceEqual(before.Shape) && readers[before] == 1 && Frame(item) == Frame(before) && item.HasAttention == before.HasAttention)
            {
                item.Blocks += before.Blocks;
                item.Parameters += before.Parameters;
                item.Nodes.InsertRange(0, before.Nodes);
                item.Inputs.Clear();
                item.Inputs.AddRange(before.Inputs);
                Items.Remove(before);
            }
        foreach (var item in Items.Where(i => i.Blocks > 1))
            item.Label = $"{item.Blocks} × {item.Label}";
    }

    int Frame(Item item) => framed.FindIndex(f => item.Nodes.Exists(n => n.Index >= f.Node.Place.FirstNode && n.Index < f.Node.Place.EndNode));

    void Place(GraphNode node)
    {
        var arguments = node.Arguments.SelectMany(a => a.Values).Where(v => v >= 0).Select(Alias).ToArray();
        var data = arguments.Where(sources.ContainsKey).Distinct().ToArray();
        if (data.Length == 0)
            return;
        Edge result;
        var plain = false;
        if (blocks.TryGetValue(node.Index, out var block))
            result = new Edge(InBlock(block, node, data), "");
        else if (LayerWords.IsResize(node.Operator))
            result = new Edge(sources[data[0]].From, Resized(data[0], node.Results[0]));
        else if (arguments.Any(v => graph.Values[v].IsParameter) && leaves.ContainsKey(node.Place) || LayerWords.IsPooling(node.Operator))
            result = new Edge(InLayers(node, data), "");
        else if (data.Select(v => sources[v]).Distinct().Count() > 1)
            result = new Edge(InJoint(node, data), "");
        else
        {
            // Whatever changes neither size nor partner belongs to what it follows.
            result = sources[data[0]];
            plain = true;
            if (result.From.Kind != ItemKind.Input)
                result.From.Nodes.Add(node);
        }
        foreach (var value in node.Results)
            sources[Alias(value)] = result;
        if (result.Label.Length == 0 && block is null && result.From.Kind != ItemKind.Input && node.Results.Count == 1)
            Reshape(result.From, graph.Values[node.Results[0]].Shape, plain);
    }

    // Flattening a map for what follows does not make the part before it one of vectors.
    static void Reshape(Item item, IReadOnlyList<long> shape, bool plain)
    {
        if (!plain || item.Kind == ItemKind.Joint)
            item.Shape = shape;
    }

    Item InBlock(PlaceNode block, GraphNode node, int[] data)
    {
        if (!drawn.TryGetValue(block, out var item))
        {
            var kind = IsJoint(block) ? ItemKind.Joint : ItemKind.Block;
            var label = kind == ItemKind.Joint ? "+" : block.Place.Kind == Container ? "" : block.Place.Kind;
            item = drawn[block] = Add(new Item(kind, label, graph.Values[block.Place.Outputs[0]].Shape)
            {
                Path = block.Place.Path,
                Word = block.Place.Kind == Container ? "" : label,
                Times = Times(block) * Enclosing(block),
                HasAttention = block.All.Any(p => attentive.Contains(p.Place.Path)),
            });
            if (label.Length == 0)
                item.Label = LayerWords.Of(graph, [.. graph.Nodes.Skip(block.Place.FirstNode).Take(block.Place.EndNode - block.Place.FirstNode)]);
            item.Blocks = Times(block);
        }
        Count(item, node);
        Join(item, data);
        return item;
    }

    // Foldings of what stands around it: its parameters are there so many times.
    int Enclosing(PlaceNode block) =>
        framed.Where(f => f.Node.Place.FirstNode <= block.Place.FirstNode && f.Node.Place.EndNode >= block.Place.EndNode).Aggregate(1, (all, f) => all * f.Times);

    Item InLayers(GraphNode node, int[] data)
    {
        var before = sources[data[0]];
        var item = before is { Label: "", From.Kind: ItemKind.Layers } && data.Length == 1 && uses.GetValueOrDefault(data[0]) == 1
            ? before.From
            : Add(new Item(ItemKind.Layers, "", graph.Values[node.Results[0]].Shape) { Path = node.Place, HasAttention = attentive.Contains(node.Place) });
        Count(item, node);
        Join(item, data);
        return item;
    }

    Item InJoint(GraphNode node, int[] data)
    {
        var sign = node.Operator switch
        {
            "aten::add.Tensor" => "+",
            "aten::sub.Tensor" => "−",
            "aten::cat" or "aten::stack" => "C",
            "aten::matmul" or "aten::bmm" => "@",
            _ => "×",
        };
        // A sum of many is one circle.
        var open = data.FirstOrDefault(v => sources[v] is { Label: "", From: { Kind: ItemKind.Joint, Path: "" } from } && from.Label == sign && uses.GetValueOrDefault(v) == 1 && sign == "+", -1);
        var item = open >= 0 ? sources[open].From : Add(new Item(ItemKind.Joint, sign, graph.Values[node.Results[0]].Shape));
        item.Nodes.Add(node);
        Join(item, data);
        return item;
    }

    void Join(Item item, int[] data)
    {
        foreach (var source in data.Select(v => sources[v]))
            if (source.From != item && !item.Inputs.Contains(source))
                item.Inputs.Add(source);
        // A circle that grew may have inputs that came later: keep the order in which everything stands behind its inputs.
        if (item.Inputs.Any(e => Items.IndexOf(e.From) > Items.IndexOf(item)))
        {
            Items.Remove(item);
            Items.Add(item);
        }
    }

    void Count(Item item, GraphNode node)
    {
        item.Nodes.Add(node);
        var entry = counted.Find(c => c.Item == item);
        if (entry.Item is null)
            counted.Add(entry = (item, []));
        entry.Parameters.UnionWith(node.Arguments.SelectMany(a => a.Values).Where(v => v >= 0 && graph.Values[v].IsParameter));
    }

    Item Add(Item item)
    {
        Items.Add(item);
        return item;
    }

    string Resized(int from, int to)
    {
        var (before, after) = (graph.Values[from].Shape, graph.Values[to].Shape);
        var earlier = sources[from].Label;
        if (before.Count != 4 || after.Count != 4 || before[2] == after[2])
            return earlier;
        var (large, small) = (Math.Max(before[2], after[2]), Math.Min(before[2], after[2]));
        return large % small != 0 ? $"→ {after[2]}×{after[3]}" : $"{(after[2] > before[2] ? "↑" : "↓")} {large / small}";
    }
}
