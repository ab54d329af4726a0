using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>Fuses steps: the step that computes a tensor also adds another tensor and applies the activation, before it writes.</summary>
static class Fusion
{
    // High-resolution networks have four branches.
    const int MostResized = 4;

    public static List<Node> Fuse(List<Node> steps, TensorType?[] types, Dictionary<int, Constant> constants, IReadOnlyList<int> outputs)
    {
        var nodes = Needed(steps, outputs);
        var uses = new Dictionary<int, int>();
        foreach (var value in nodes.SelectMany(n => n!.Inputs).Concat(outputs))
            uses[value] = uses.GetValueOrDefault(value) + 1;
        var makers = new Dictionary<int, int>();
        for (var k = 0; k < nodes.Count; k++)
        {
            var joined = Sum(nodes[k]!, k) ?? Activation(nodes[k]!) ?? Scaling(nodes[k]!);
            if (joined is null && Bytes(nodes[k]!) is { } sum)
                nodes[k] = sum;
            if (joined is var (was, now))
            {
                // The fused step takes the place of the later one: all its inputs exist by then.
                nodes[makers[was]] = null;
                nodes[k] = now;
            }
            if (Rounded(nodes[k]!) is var (number, asBytes))
            {
                nodes[makers[number]] = null;
                nodes[k] = asBytes;
            }
            if (Resized(nodes[k]!) is var (from, together))
            {
                nodes[makers[from]] = null;
                nodes[k] = together;
            }
            makers[nodes[k]!.Output] = k;
        }
        return nodes.OfType<Node>().ToList();

        (int, Node)? Sum(Node node, int at)
        {
            if (node.Operator is not BinaryOperator { Kind: BinaryKind.Add, Epilogue: { Adds: false, Function.Kind: UnaryKind.Identity } }
                || types[node.Output] is not { IsFloat: true } type)
                return null;
            // The later of two candidates: the earlier one may be an input of it.
            foreach (var side in Enumerable.Range(0, 2).OrderByDescending(s => makers.GetValueOrDefault(node.Inputs[s], -1)))
            {
                var (value, addend) = (node.Inputs[side], node.Inputs[1 - side]);
                if (value != addend && types[addend]!.SameShape(type) && Open(value, type) is { } maker
                    && maker.Operator is IEpilogue { Epilogue: { Adds: false, Function.Kind: UnaryKind.Identity } } epilogue)
                {
                    var inputs = Enumerable.Repeat(-1, epilogue.AddendInput + 1).ToArray();
                    maker.Inputs.CopyTo(inputs, 0);
                    inputs[epilogue.AddendInput] = addend;
                    return (value,
                        maker.With(node) with
                        {
                            Operator = epilogue.With(new Epilogue(true, default)),
                            Inputs = inputs,
                            Output = node.Output,
                        });
                }
            }
            return null;
        }

        (int, Node)? Activation(Node node)
        {
            var function = node.Operator switch
            {
                UnaryOperator unary => unary.Function,
                ClipOperator clip => clip.FunctionOf(Operands.Of(node, types, constants)),
                _ => default,
            };
            return function.Kind != UnaryKind.Identity && Open(node.Inputs[0], types[node.Output]!) is { } maker
                && maker.Operator is IEpilogue { Epilogue.Function.Kind: UnaryKind.Identity } epilogue
                ? (node.Inputs[0],
                    maker.With(node) with
                    {
                        Operator = epilogue.With(epilogue.Epilogue with { Function = function }),
                        Output = node.Output,
                    })
                : null;
        }

        // A factor, or a summand, of one number.
        (int, Node)? Scaling(Node node)
        {
            if (node.Operator is not BinaryOperator { Kind: BinaryKind.Add or BinaryKind.Mul } operation
                || operation.Epilogue is not { Adds: false, Function.Kind: UnaryKind.Identity })
                return null;
            for (var side = 0; side < 2; side++)
                if (constants.GetValueOrDefault(node.Inputs[1 - side]) is { Type: { IsFloat: true, Elements: 1 } } number
                    && Open(node.Inputs[side], types[node.Output]!) is { Operator: IEpilogue epilogue } maker
                    && (operation.Kind == BinaryKind.Mul ? epilogue.Epilogue.Function.Then(number.Floats[0], 0)
                        : epilogue.Epilogue.Function.Then(1, number.Floats[0])) is { } function)
                    return (node.Inputs[side],
                        maker.With(node) with
                        {
                            Operator = epilogue.With(epilogue.Epilogue with { Function = function }),
                            Output = node.Output,
                        });
            return null;
        }

        // The sum of two tensors that are kept as bytes.
        Node? Bytes(Node node)
        {
            if (node.Operator is not BinaryOperator { Kind: BinaryKind.Add, Epilogue: { Adds: false, Function.Kind: UnaryKind.Identity } }
                || Restored(node.Inputs[0]) is not var (a, left) || Restored(node.Inputs[1]) is not var (b, right)
                || !types[node.Output]!.SameShape(types[a]!) || !types[node.Output]!.SameShape(types[b]!))
                return null;
            foreach (var value in node.Inputs)
                if (--uses[value] == 0)
                    nodes[makers[value]] = null;
            uses[a] = uses.GetValueOrDefault(a) + 1;
            uses[b] = uses.GetValueOrDefault(b) + 1;
            return node with { Operator = new ByteSumOperator(left, right, default, null), Inputs = [a, b] };
        }

        (int Bytes, ByteCode Code)? Restored(int value) =>
            makers.TryGetValue(value, out var at) && nodes[at] is { Operator: DequantizeOperator { Codes: [var code] } } maker
                ? (maker.Inputs[0], code)
                : null;

        // A step that writes bytes itself, where its numbers are quantised and used nowhere else.
        (int, Node)? Rounded(Node node) =>
            node.Operator is QuantizeOperator { Code: var code } && Open(node.Inputs[0], types[node.Output]!) is { } maker
            && maker.Operator switch
            {
                IntegerConvOperator { Output: null } convolution => convolution with { Output = code },
                ByteSumOperator { Output: null } sum => sum with { Output = code },
                _ => (Operator?)null,
            } is { } fused
                ? (node.Inputs[0], maker with { Operator = fused, Output = node.Output })
                : null;

        // A resized tensor that is added to a resized tensor: both are computed at once.
        (int, Node)? Resized(Node node)
        {
            if (node.Operator is not (ResizeOperator or ResizeSumOperator)
                || (IEpilogue)node.Operator is not { Epilogue.Adds: true } epilogue)
                return null;
            var addend = node.Inputs[epilogue.AddendInput];
            if (Open(addend, types[node.Output]!) is not { Operator: ResizeOperator or ResizeSumOperator } maker
                || (IEpilogue)maker.Operator is not { Epilogue.Function.Kind: UnaryKind.Identity } first)
                return null;
            ResizeOperator[] parts = [.. Parts(maker.Operator), .. Parts(node.Operator)];
            int[] inputs = [.. PartInputs(maker), .. PartInputs(node)];
            return parts.Length > MostResized
                ? null
                : (addend, node with
                {
                    Operator = new ResizeSumOperator(parts, new Epilogue(first.Epilogue.Adds, epilogue.Epilogue.Function)),
                    Inputs = first.Epilogue.Adds ? [.. inputs, maker.Inputs[first.AddendInput]] : inputs,
                });
        }

        // The step that makes a value, if this is its only user and the types agree.
        Node? Open(int value, TensorType type) =>
            uses.GetValueOrDefault(value) == 1 && makers.TryGetValue(value, out var maker) && types[value]!.SameShape(type)
                ? nodes[maker]
                : null;
    }

    static IEnumerable<ResizeOperator> Parts(Operator operation) =>
        operation is ResizeSumOperator sum ? sum.Parts : [(ResizeOperator)operation with { Epilogue = default }];

    static IEnumerable<int> PartInputs(Node node)
    {
        var count = ResizeSumOperator.PartInputs * Parts(node.Operator).Count();
        return node.Inputs.Concat(Enumerable.Repeat(-1, count)).Take(count);
    }

    static List<Node?> Needed(List<Node> steps, IReadOnlyList<int> outputs)
    {
        var wanted = outputs.ToHashSet();
        var needed = new List<Node?>();
        for (var k = steps.Count - 1; k >= 0; k--)
            if (wanted.Contains(steps[k].Output))
            {
                needed.Add(steps[k]);
                wanted.UnionWith(steps[k].Inputs);
            }
        needed.Reverse();
        return needed;
    }
}
