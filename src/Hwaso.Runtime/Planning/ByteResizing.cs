using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>Lets resizing steps read restored bytes, and write quantised ones, themselves: a quarter of what moves.</summary>
static class ByteResizing
{
    public static List<Node> Apply(List<Node> steps, IReadOnlyList<int> outputs)
    {
        var restored = steps.Where(s => s.Operator is DequantizeOperator { Codes.Length: 1 }).ToDictionary(s => s.Output);
        if (restored.Count == 0)
            return steps;
        var nodes = steps.Select(n => Reading(n, restored) ?? n).ToList<Node?>();
        var uses = new Dictionary<int, int>();
        foreach (var value in nodes.SelectMany(n => n!.Inputs).Concat(outputs))
            uses[value] = uses.GetValueOrDefault(value) + 1;
        var makers = new Dictionary<int, int>();
        for (var k = 0; k < nodes.Count; k++)
        {
            if (nodes[k]!.Operator is QuantizeOperator { Code: var code } && uses[nodes[k]!.Inputs[0]] == 1
                && makers.TryGetValue(nodes[k]!.Inputs[0], out var maker) && nodes[maker] is { Operator: ResizeSumOperator sum } made)
            {
                nodes[k] = made with { Operator = sum with { Codes = sum.Codes with { Result = code } }, Output = nodes[k]!.Output };
                nodes[maker] = null;
            }
            makers[nodes[k]!.Output] = k;
        }
        return nodes.OfType<Node>().Where(n => n.Operator is not DequantizeOperator || uses.GetValueOrDefault(n.Output) > 0).ToList();
    }

    // Every resizing becomes a sum, of one part at least: only sums have codes.
    static Node? Reading(Node node, Dictionary<int, Node> restored)
    {
        var sum = node.Operator switch
        {
            ResizeSumOperator several => several,
            ResizeOperator one => new ResizeSumOperator([one with { Epilogue = default }], one.Epilogue),
            _ => null,
        };
        if (sum is null)
            return null;
        var inputs = Enumerable.Repeat(-1, sum.Epilogue.Adds ? sum.AddendInput + 1 : sum.AddendInput).ToArray();
        Array.Copy(node.Inputs, inputs, Math.Min(node.Inputs.Length, inputs.Length));
        var parts = sum.Parts.ToArray();
        for (var k = 0; k < parts.Length; k++)
            if (Code(ref inputs[k * ResizeSumOperator.PartInputs], restored) is { } code)
                parts[k] = parts[k] with { Code = code };
        var added = sum.Epilogue.Adds ? Code(ref inputs[sum.AddendInput], restored) : null;
        return node with { Operator = sum with { Parts = parts, Codes = new ResizeCodes(added, null) }, Inputs = inputs };
    }

    static ByteCode? Code(ref int value, Dictionary<int, Node> restored)
    {
        if (!restored.TryGetValue(value, out var maker))
            return null;
        value = maker.Inputs[0];
        return ((DequantizeOperator)maker.Operator).Codes[0];
    }
}
