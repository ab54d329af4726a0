using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>
/// Moves a 1×1 convolution of concatenated tensors, some of them resized, before the resizing: each tensor is convolved at its own size,
/// and the results are resized and summed. The weights of an interpolation sum to 1, so the result is the same.
/// </summary>
sealed class EarlyMixing
{
    // With fewer input channels, resizing the result costs more than resizing the input.
    const int LeastChannels = 8;

    readonly List<TensorType?> types;
    readonly Dictionary<int, Constant> constants;
    readonly Dictionary<int, int> makers = [], uses = [];
    readonly List<Node?> nodes;

    EarlyMixing(List<Node> steps, TensorType?[] types, Dictionary<int, Constant> constants, IReadOnlyList<int> outputs)
    {
        (nodes, this.types, this.constants) = ([.. steps], [.. types], constants);
        for (var k = 0; k < steps.Count; k++)
            makers[steps[k].Output] = k;
        foreach (var value in steps.SelectMany(n => n.Inputs).Concat(outputs))
            uses[value] = uses.GetValueOrDefault(value) + 1;
    }

    /// <summary>The steps with such convolutions split up, and the types of all values, those of new ones at the end.</summary>
    public static (List<Node> Steps, TensorType?[] Types) Apply(
        List<Node> steps, TensorType?[] types, Dictionary<int, Constant> constants, IReadOnlyList<int> outputs)
    {
        var mixing = new EarlyMixing(steps, types, constants, outputs);
        var result = new List<Node>();
        for (var k = 0; k < steps.Count; k++)
            if (mixing.nodes[k] is { } node)
                result.AddRange(mixing.Apart(node) ?? [node]);
        // Concatenations and resizings that have no user left are removed by fusion.
        return (result, [.. mixing.types]);
    }

    List<Node>? Apart(Node node)
    {
        if (node.Operator is not ConvOperator { Groups: 1 } conv || conv.Window.Strides.Any(s => s != 1)
            || conv.Window.Pads.Any(p => p != 0)
            || types[node.Inputs[1]]!.Shape is not [var cout, _, 1, 1]
            || Maker(node.Inputs[0]) is not { Operator: ConcatOperator { Axis: 1 or -3 } } joined)
            return null;
        var late = joined.Inputs.Select(Resized).ToArray();
        if (late.All(r => r is null))
            return null;
        var (output, bias) = (types[node.Output]!, node.Inputs.Length > ConvOperator.BiasInput ? node.Inputs[ConvOperator.BiasInput] : -1);
        var result = new List<Node>();
        var sum = -1;
        // Tensors of the output's size come first, neighbours concatenated; the resized results are added to their sum.
        var channel = 0;
        for (var k = 0; k < late.Length; k++)
        {
            var (first, begin) = (k, channel);
            for (; k < late.Length && late[k] is null; k++)
                channel += types[joined.Inputs[k]]!.Shape[1];
            if (k > first)
                Add(Mixed(k == first + 1 ? joined.Inputs[first] : Joined(joined.Inputs[first..k]), begin));
            channel += k < late.Length ? types[joined.Inputs[k]]!.Shape[1] : 0;
        }
        channel = 0;
        for (var k = 0; k < late.Length; channel += types[joined.Inputs[k++]]!.Shape[1])
            if (late[k] is { } resize)
                Add(Enlarged(resize, Mixed(resize.Inputs[0], channel)));
        result[^1] = result[^1] with { Output = node.Output };
        return result;

        int Make(Operator operation, TensorType type, params int[] inputs)
        {
            result.Add(new Node(node.Place, operation, inputs, Fresh(type)));
            return types.Count - 1;
        }

        int Joined(int[] values)
        {
            int[] shape = [output.Shape[0], values.Sum(v => types[v]!.Shape[1]), output.Shape[2], output.Shape[3]];
            return Make(joined.Operator, new TensorType(true, shape, node.Place), values);
        }

        int Mixed(int value, int first)
        {
            var shape = types[value]!.Shape;
            var type = new TensorType(true, [shape[0], cout, shape[2], shape[3]], node.Place);
            var mixed = Make(conv with { FirstChannel = first, IsPart = true }, type, value, node.Inputs[1], bias);
            bias = -1;
            return mixed;
        }

        int Enlarged(Node resize, int value)
        {
            int[] inputs = [value, .. resize.Inputs.Skip(1)];
            // The sizes include the channels.
            if (inputs.Length > ResizeOperator.SizesInput && inputs[ResizeOperator.SizesInput] >= 0)
            {
                var sizes = new Constant(new TensorType(false, [4], node.Place), Array.ConvertAll(output.Shape, s => (long)s));
                inputs[ResizeOperator.SizesInput] = Fresh(sizes.Type);
                constants[inputs[ResizeOperator.SizesInput]] = sizes;
            }
            return Make(resize.Operator, output, inputs);
        }

        void Add(int value) => sum = sum < 0 ? value : Make(new BinaryOperator(BinaryKind.Add, default), output, value, sum);
    }

    int Fresh(TensorType type)
    {
        types.Add(type);
        return types.Count - 1;
    }

    Node? Maker(int value) => uses.GetValueOrDefault(value) == 1 && makers.TryGetValue(value, out var maker) ? nodes[maker] : null;

    // The resizing that makes a value, if it enlarges a tensor of enough channels and this is its only user.
    Node? Resized(int value) =>
        Maker(value) is { Operator: ResizeOperator { IsUpsample: false } } resize && types[resize.Inputs[0]] is { Rank: 4 } from
            && from.Shape[1] >= LeastChannels
        && types[value]!.Elements >= 2 * from.Elements
            ? resize
            : null;
}
