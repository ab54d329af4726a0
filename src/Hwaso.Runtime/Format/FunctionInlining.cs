namespace Hwaso.Runtime.Format;

/// <summary>Replaces nodes whose operator the file defines itself by the nodes of its definition.</summary>
static class FunctionInlining
{
    // A definition that uses others, which use others, can grow without bound.
    const int MostNodes = 20_000, MostDepth = 16;

    /// <exception cref="ModelFormatException">A definition uses itself, or the graph grows beyond what is supported.</exception>
    public static OnnxFile Apply(OnnxFile file) => file.Functions.Count == 0 ? file : new Inliner(file).File();

    sealed class Inliner(OnnxFile file)
    {
        readonly Dictionary<(string, string), OnnxFunction> functions =
            file.Functions.GroupBy(f => (f.Domain, f.Name)).ToDictionary(g => g.Key, g => g.First());

        int made, calls;

        public OnnxFile File() => file with { Graph = Graph(file.Graph, 0) };

        OnnxGraph Graph(OnnxGraph graph, int depth) => graph with { Nodes = [.. graph.Nodes.SelectMany(n => Node(n, depth))] };

        IEnumerable<OnnxNode> Node(OnnxNode node, int depth)
        {
            if (++made > MostNodes || depth > MostDepth)
                throw new ModelFormatException($"{file.Place}: {node.Place}",
                    $"the file's own operators unfold to more than {MostNodes} nodes, or {MostDepth} deep");
            if (functions.TryGetValue((node.Domain, node.Type), out var function))
                return Body(node, function).SelectMany(n => Node(n, depth + 1)).ToArray();
            return [node with { Attributes = node.Attributes.ToDictionary(a => a.Key, a => Inner(a.Value, depth)) }];
        }

        OnnxAttribute Inner(OnnxAttribute attribute, int depth) =>
            attribute.Graphs.Length == 0 ? attribute
                : attribute with { Graphs = Array.ConvertAll(attribute.Graphs, g => Graph(g, depth + 1)) };

        IEnumerable<OnnxNode> Body(OnnxNode node, OnnxFunction function)
        {
            if (node.Inputs.Count > function.Inputs.Count || node.Outputs.Count > function.Outputs.Count)
                throw new ModelFormatException($"{file.Place}: {node.Place}", $"does not fit the definition of {function.Name}");
            var names = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var k = 0; k < function.Inputs.Count; k++)
                names[function.Inputs[k]] = k < node.Inputs.Count ? node.Inputs[k] : "";
            for (var k = 0; k < node.Outputs.Count; k++)
                if (node.Outputs[k].Length > 0)
                    names[function.Outputs[k]] = node.Outputs[k];
            var call = new Call(node, function, names, $"{function.Name} {++calls}: ");
            return function.Nodes.Select(call.Renamed).ToArray();
        }
    }

    /// <summary>A node that is replaced: the names and attributes that its definition gets.</summary>
    sealed class Call(OnnxNode node, OnnxFunction function, Dictionary<string, string> names, string prefix)
    {
        public OnnxNode Renamed(OnnxNode inner) => inner with
        {
            Name = inner.Name.Length > 0 ? prefix + inner.Name : "",
            Inputs = [.. inner.Inputs.Select(Name)],
            Outputs = [.. inner.Outputs.Select(Name)],
            Attributes = inner.Attributes.Values.Select(Given).OfType<OnnxAttribute>().ToDictionary(a => a.Name),
        };

        string Name(string name) => name.Length == 0 ? "" : names.TryGetValue(name, out var given) ? given : names[name] = prefix + name;

        // A reference to an attribute that neither the node nor the definition gives is left out.
        OnnxAttribute? Given(OnnxAttribute attribute)
        {
            if (attribute.Reference.Length == 0)
                return attribute.Graphs.Length == 0 ? attribute : attribute with { Graphs = Array.ConvertAll(attribute.Graphs, Graph) };
            var given = node.Attributes.GetValueOrDefault(attribute.Reference) ?? function.Defaults.GetValueOrDefault(attribute.Reference);
            return given is null ? null : given with { Name = attribute.Name };
        }

        OnnxGraph Graph(OnnxGraph graph) => graph with
        {
            Nodes = [.. graph.Nodes.Select(Renamed)],
            Weights = graph.Weights.ToDictionary(w => Name(w.Key), w => w.Value with { Name = Name(w.Key) }),
            Inputs = [.. graph.Inputs.Select(i => i with { Name = Name(i.Name) })],
            Outputs = [.. graph.Outputs.Select(o => o with { Name = Name(o.Name) })],
        };
    }
}
