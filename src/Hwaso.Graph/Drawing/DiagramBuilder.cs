namespace Hwaso.Graph.Drawing;

/// <summary>The parts of a network and how they are connected, before any has a place on the drawing.</summary>
/// <param name="Items">The parts, each after those that feed it.</param>
/// <param name="Frames">Frames around parts that are repeated.</param>
sealed record Diagram(IReadOnlyList<Item> Items, IReadOnlyList<Frame> Frames)
{
    /// <summary>Finds the parts of a recorded network.</summary>
    public static Diagram Of(NetworkGraph graph) => new DiagramBuilder(graph).Build();
}

/// <summary>
/// A frame around parts that the network has several times in a row, and its label, e.g. <c>4 × HighResolutionModule</c>.
/// </summary>
sealed record Frame(IReadOnlyList<Item> Items, string Label);

/// <summary>
/// Goes through the nodes of a recorded network in order and puts each into a part: a box, a chain of layers, or a circle.
/// </summary>
sealed class DiagramBuilder
{
    readonly NetworkGraph graph;
    readonly Repeats repeats;
    readonly Boxes boxes;
    readonly Sources sources;
    readonly List<Item> items = [];
    readonly Dictionary<PlaceNode, Item> itemOfBox = new(ReferenceEqualityComparer.Instance);

    public DiagramBuilder(NetworkGraph graph)
    {
        this.graph = graph;
        var root = PlaceNode.Root(graph);
        repeats = new Repeats(graph, root);
        boxes = new Boxes(graph, root, repeats);
        sources = new Sources(graph, repeats);
    }

    public Diagram Build()
    {
        foreach (var input in graph.Inputs)
            sources.Set(input, new Edge(Add(new Item(ItemKind.Input, "input", graph.Values[input].Shape)), ""));
        foreach (var node in graph.Nodes)
            if (!repeats.Omits(node))
                Place(node);
        foreach (var output in graph.Outputs)
            if (sources.Find(output) is { } source)
                Add(new Item(ItemKind.Output, "output", graph.Values[output].Shape)).Inputs.Add(source);
        foreach (var item in items)
        {
            item.Parameters = item.Times * item.Weights.Sum(p => graph.Values[p].Elements);
            if (item.Kind == ItemKind.Layers)
                item.Label = LayerWords.Of(graph, item.Nodes);
        }
        MergeRows();
        return new Diagram(items, [.. Frames()]);
    }

    void Place(GraphNode node)
    {
        var flowing = sources.Flowing(node);
        if (flowing.Length == 0)
            return;
        var box = boxes.Of(node);
        var source = box is not null ? new Edge(InBox(box, node, flowing), "")
            : LayerWords.IsResize(node.Operator) ? new Edge(sources[flowing[0]].From, sources.Resized(flowing[0], node.Results[0]))
            : IsLayer(node) ? new Edge(InLayers(node, flowing), "")
            : flowing.Select(v => sources[v]).Distinct().Count() > 1 ? new Edge(InJoint(node, flowing), "")
            : null;
        // A node that changes neither size nor partner belongs to the part before it.
        var follows = source is null;
        source ??= sources[flowing[0]];
        var part = source.From;
        if (follows && part.Kind != ItemKind.Input)
            part.Nodes.Add(node);
        foreach (var value in node.Results)
            sources.Set(value, source);
        // Flattening a map for what follows does not make the box before it one of vectors.
        var mayReshape = !follows || part.Kind == ItemKind.Joint;
        if (mayReshape && source.Label.Length == 0 && box is null && part.Kind != ItemKind.Input && node.Results.Count == 1)
            part.Shape = graph.Values[node.Results[0]].Shape;
    }

    bool IsLayer(GraphNode node) =>
        (graph.ParametersOf(node).Any() && boxes.IsLayer(node.Place)) || LayerWords.IsPooling(node.Operator);

    Item InBox(PlaceNode box, GraphNode node, int[] flowing)
    {
        if (!itemOfBox.TryGetValue(box, out var item))
            item = itemOfBox[box] = Add(NewBox(box));
        Count(item, node);
        Join(item, flowing);
        return item;
    }

    Item NewBox(PlaceNode box)
    {
        var kind = boxes.IsSum(box) ? ItemKind.Joint : ItemKind.Block;
        var word = kind == ItemKind.Joint ? "+" : box.Place.Kind;
        var label = kind != ItemKind.Joint && Boxes.IsContainer(box) ? LayerWords.Of(graph, [.. graph.NodesOf(box.Place)]) : word;
        // The network has the parameters of a box once for each repeat of every row around it.
        var rows = boxes.Frames.Where(f => f.Holds(box.Place)).Aggregate(1, (all, f) => all * f.Times);
        return new Item(kind, label, graph.Values[box.Place.Outputs[0]].Shape)
        {
            Path = box.Place.Path,
            Word = Boxes.IsContainer(box) ? "" : word,
            Blocks = repeats.Times(box),
            Times = repeats.Times(box) * rows,
            HasAttention = box.All.Any(p => boxes.IsAttentive(p.Place.Path)),
        };
    }

    Item InLayers(GraphNode node, int[] flowing)
    {
        var before = sources[flowing[0]];
        var goesOn = before is { Label: "", From.Kind: ItemKind.Layers } && flowing.Length == 1 && sources.HasOneReader(flowing[0]);
        var item = goesOn ? before.From : Add(new Item(ItemKind.Layers, "", graph.Values[node.Results[0]].Shape)
        {
            Path = node.Place,
            HasAttention = boxes.IsAttentive(node.Place),
        });
        Count(item, node);
        Join(item, flowing);
        return item;
    }

    Item InJoint(GraphNode node, int[] flowing)
    {
        var sign = node.Operator switch
        {
            "aten::add.Tensor" => "+",
            "aten::sub.Tensor" => "−",
            "aten::cat" or "aten::stack" => "C",
            "aten::matmul" or "aten::bmm" => "@",
            _ => "×",
        };
        var open = sign == "+" ? flowing.FirstOrDefault(IsOpenSum, -1) : -1;
        var item = open >= 0 ? sources[open].From : Add(new Item(ItemKind.Joint, sign, graph.Values[node.Results[0]].Shape));
        item.Nodes.Add(node);
        Join(item, flowing);
        return item;
    }

    // A sum of many is one circle: a further summand joins the circle whose result nothing else reads.
    bool IsOpenSum(int value) =>
        sources[value] is { Label: "", From: { Kind: ItemKind.Joint, Path: "", Label: "+" } } && sources.HasOneReader(value);

    void Join(Item item, int[] flowing)
    {
        foreach (var source in flowing.Select(v => sources[v]))
            if (source.From != item && !item.Inputs.Contains(source))
                item.Inputs.Add(source);
        // A circle that grew may have later inputs: every part stays after its inputs.
        if (item.Inputs.Exists(e => items.IndexOf(e.From) > items.IndexOf(item)))
        {
            items.Remove(item);
            items.Add(item);
        }
    }

    void Count(Item item, GraphNode node)
    {
        item.Nodes.Add(node);
        item.Weights.UnionWith(graph.ParametersOf(node));
    }

    Item Add(Item item)
    {
        items.Add(item);
        return item;
    }

    /// <summary>Draws blocks of one kind and size in a row as one; the first may differ in its stride or its shortcut.</summary>
    void MergeRows()
    {
        var readers = items.SelectMany(i => i.Inputs).GroupBy(e => e.From).ToDictionary(g => g.Key, g => g.Count());
        foreach (var item in items.ToArray())
            if (Before(item) is { } before && readers[before] == 1)
            {
                item.Blocks += before.Blocks;
                item.Parameters += before.Parameters;
                item.Nodes.InsertRange(0, before.Nodes);
                item.Inputs.Clear();
                item.Inputs.AddRange(before.Inputs);
                items.Remove(before);
            }
        foreach (var item in items.Where(i => i.Blocks > 1))
            item.Label = $"{item.Blocks} × {item.Label}";
    }

    /// <summary>The block of the same kind, size and frame that alone feeds a block; null for none.</summary>
    Item? Before(Item item) =>
        item is { Kind: ItemKind.Block, Word.Length: > 0, Inputs: [{ Label: "", From: { Kind: ItemKind.Block } before }] }
        && item.Word == before.Word && item.Shape.SequenceEqual(before.Shape) && item.HasAttention == before.HasAttention
        && FrameOf(item) == FrameOf(before) ? before : null;

    FramedRow? FrameOf(Item item) => boxes.Frames.FirstOrDefault(f => item.Nodes.Exists(f.Holds));

    IEnumerable<Frame> Frames()
    {
        foreach (var row in boxes.Frames)
            if (items.Where(i => i.Nodes.Exists(row.Holds)).ToArray() is { Length: > 0 } inside)
                yield return new Frame(inside, $"{row.Times} × {row.First.Kind}");
    }
}
