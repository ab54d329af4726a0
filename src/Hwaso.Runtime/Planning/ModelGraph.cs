using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>A loaded model: what holds for every size of input.</summary>
/// <param name="Place">The file, for messages.</param>
/// <param name="Nodes">The nodes, in an order in which they can run.</param>
/// <param name="Names">The names of the values.</param>
/// <param name="Constants">The values that are known, by number.</param>
/// <param name="Inputs">Its inputs.</param>
/// <param name="InputValues">The numbers of the inputs' values.</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="OutputValues">The numbers of the outputs' values.</param>
sealed record ModelGraph(
    string Place,
    IReadOnlyList<Node> Nodes,
    IReadOnlyList<string> Names,
    IReadOnlyDictionary<int, Constant> Constants,
    IReadOnlyList<OnnxPort> Inputs,
    IReadOnlyList<int> InputValues,
    IReadOnlyList<OnnxPort> Outputs,
    IReadOnlyList<int> OutputValues);

/// <summary>Turns the content of a file into a graph whose nodes can run in order.</summary>
static class GraphLoader
{
    public static ModelGraph Load(OnnxFile file)
    {
        var content = file.Graph;
        var builder = new GraphBuilder(file.Place);
        foreach (var (name, tensor) in content.Weights)
            builder.Constants[builder.Value(name)] = Constant.Of(tensor, file.Place);
        var inputs = content.Inputs.Select(i => builder.Value(i.Name)).ToArray();
        foreach (var node in content.Nodes)
            NodeReader.Read(node, file.Opset, builder);
        var outputs = content.Outputs.Select(o => builder.Value(o.Name)).ToArray();
        var nodes = Ordered(builder, inputs);
        var made = nodes.Select(n => n.Output).Concat(inputs).Concat(builder.Constants.Keys).ToHashSet();
        foreach (var output in outputs)
            if (!made.Contains(output))
                throw new ModelFormatException($"{file.Place}: output '{builder.Names[output]}'", "is not made by any node");
        ByteNodes.Fuse(nodes, builder.Constants, outputs);
        FunctionFolding.Fold(nodes, builder, outputs);
        ScaleFolding.Fold(nodes, builder, outputs);
        ProductFolding.Fold(nodes, builder, outputs);
        var used = nodes.SelectMany(n => n.Inputs).Concat(outputs).ToHashSet();
        var constants = builder.Constants.Where(c => used.Contains(c.Key)).ToDictionary();
        return new ModelGraph(file.Place, nodes, builder.Names, constants, content.Inputs, inputs, content.Outputs, outputs);
    }

    /// <summary>The nodes in an order in which they can run; the file's order if possible.</summary>
    static List<Node> Ordered(GraphBuilder builder, int[] inputs)
    {
        var makers = new Dictionary<int, int>();
        for (var k = 0; k < builder.Nodes.Count; k++)
            if (builder.Constants.ContainsKey(builder.Nodes[k].Output) || inputs.Contains(builder.Nodes[k].Output)
                || !makers.TryAdd(builder.Nodes[k].Output, k))
                throw new ModelFormatException(builder.Nodes[k].Place,
                    $"makes '{builder.Names[builder.Nodes[k].Output]}', which exists already");
        var waiting = new int[builder.Nodes.Count];
        var users = new List<int>?[builder.Nodes.Count];
        for (var k = 0; k < waiting.Length; k++)
            foreach (var input in builder.Nodes[k].Inputs.Distinct())
                if (makers.TryGetValue(input, out var maker))
                {
                    waiting[k]++;
                    (users[maker] ??= []).Add(k);
                }
                else if (input >= 0 && !builder.Constants.ContainsKey(input) && !inputs.Contains(input))
                    throw new ModelFormatException(builder.Nodes[k].Place,
                        $"its input '{builder.Names[input]}' is neither a weight, nor an input of the model, nor made by a node");
        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, waiting.Length).Where(k => waiting[k] == 0).Select(k => (k, k)));
        var ordered = new List<Node>();
        while (ready.TryDequeue(out var k, out _))
        {
            ordered.Add(builder.Nodes[k]);
            foreach (var user in users[k] ?? [])
                if (--waiting[user] == 0)
                    ready.Enqueue(user, user);
        }
        return ordered.Count == waiting.Length
            ? ordered
            : throw new ModelFormatException(builder.Nodes[Array.FindIndex(waiting, w => w > 0)].Place,
                "waits for its own result: the nodes form a cycle");
    }
}
