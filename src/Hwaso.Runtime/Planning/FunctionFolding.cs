using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>
/// Recognises functions that exporters write as several nodes: GELU by the error function, hard swish, SiLU and Mish. Each is a product
/// of a number, of x, and of a function of x.
/// </summary>
static class FunctionFolding
{
    // Exporters round the constants to single precision, some in other steps than others.
    const double Near = 1e-5;

    // Nodes between the product's node and x, at most.
    const int MostNodes = 8;

    public static void Fold(List<Node> nodes, GraphBuilder builder, int[] outputs)
    {
        var uses = new Dictionary<int, int>();
        foreach (var value in nodes.SelectMany(n => n.Inputs).Concat(outputs))
            uses[value] = uses.GetValueOrDefault(value) + 1;
        var makers = new Dictionary<int, int>();
        var leastRank = 0;
        for (var k = 0; k < nodes.Count; k++)
        {
            leastRank = 0;
            if (Matched(k) is var (function, from, inner))
            {
                nodes[k] = nodes[k] with { Operator = new UnaryOperator(function) { LeastRank = leastRank }, Inputs = [from] };
                foreach (var gone in inner)
                    nodes[gone] = nodes[gone] with { Output = -1 };
            }
            makers[nodes[k].Output] = k;
        }
        nodes.RemoveAll(n => n.Output < 0);

        (Unary Function, int From, List<int> Inner)? Matched(int at)
        {
            var (number, factors, inner) = (1.0, new List<int>(), new List<int>());
            if (!Multiply(nodes[at], ref number, factors, inner) || factors.Count != 2)
                return null;
            for (var side = 0; side < 2; side++)
            {
                var (x, part) = (factors[side], factors[1 - side]);
                var own = inner.ToList();
                if (FunctionOf(part, x, number, own) is { } function && OnlyInside(own, x, at))
                    return (function, x, own);
            }
            return null;
        }

        // Collects the factors of a product: numbers, and at most two tensors.
        bool Multiply(Node node, ref double number, List<int> factors, List<int> inner)
        {
            if (node.Operator is not BinaryOperator { Kind: BinaryKind.Mul or BinaryKind.Div, ByChannel: false } operation
                || node.Inputs.Length != 2)
                return false;
            foreach (var (value, side) in node.Inputs.Select((v, s) => (v, s)))
                if (Number(value) is { } known)
                {
                    if (operation.Kind == BinaryKind.Div && side == 0)
                        return false;
                    number = operation.Kind == BinaryKind.Div ? number / known : number * known;
                }
                else if (operation.Kind == BinaryKind.Div && side == 1)
                    return false;
                else if (makers.TryGetValue(value, out var maker) && uses[value] == 1 && inner.Count < MostNodes
                    && nodes[maker].Operator is BinaryOperator { Kind: BinaryKind.Mul or BinaryKind.Div })
                {
                    var (before, count, kept) = (number, factors.Count, inner.Count);
                    inner.Add(maker);
                    if (Multiply(nodes[maker], ref number, factors, inner))
                        continue;
                    number = before;
                    factors.RemoveRange(count, factors.Count - count);
                    inner.RemoveRange(kept, inner.Count - kept);
                    factors.Add(value);
                }
                else
                    factors.Add(value);
            return factors.Count <= 2;
        }

        // The function number × x × part, if part is a known function of x.
        Unary? FunctionOf(int part, int x, double number, List<int> inner)
        {
            if (Made(part, inner) is not { } node)
                return null;
            switch (node.Operator)
            {
                case UnaryOperator { Function.Kind: UnaryKind.Sigmoid } when node.Inputs[0] == x && Is(number, 1):
                    return new(UnaryKind.Silu);
                case UnaryOperator { Function: { Kind: UnaryKind.HardSigmoid } gate } when node.Inputs[0] == x && Is(number, 1)
                    && Is(gate.A, 1.0 / 6) && Is(gate.B, 0.5):
                    return new(UnaryKind.HardSwish);
                case UnaryOperator { Function.Kind: UnaryKind.Tanh } when Is(number, 1)
                    && Made(node.Inputs[0], inner) is { Operator: UnaryOperator { Function.Kind: UnaryKind.Softplus } } soft
                    && soft.Inputs[0] == x:
                    return new(UnaryKind.Mish);
                case ClipOperator clip when Bounds(clip, node) is var (low, high) && low == 0 && Is(high, 6) && Is(number, 1.0 / 6)
                    && Sum(node.Inputs[0], inner) is var (shifted, three) && shifted == x && Is(three, 3):
                    return new(UnaryKind.HardSwish);
                case BinaryOperator { Kind: BinaryKind.Add } when Is(number, 0.5) && WithNumber(node) is var (erf, one) && Is(one, 1)
                    && Made(erf, inner) is { Operator: UnaryOperator { Function.Kind: UnaryKind.Erf } } error
                    && Scaled(error.Inputs[0], inner) is var (scaled, factor) && scaled == x && Is(factor, Math.Sqrt(0.5)):
                    return new(UnaryKind.Gelu);
                default:
                    return null;
            }
        }

        Node? Made(int value, List<int> inner)
        {
            // A damaged file's node may lack inputs.
            if (!makers.TryGetValue(value, out var maker) || inner.Contains(maker)
                || nodes[maker].Inputs.Length < (nodes[maker].Operator is BinaryOperator ? 2 : 1))
                return null;
            inner.Add(maker);
            return nodes[maker];
        }

        (int Value, double Number)? Sum(int value, List<int> inner) =>
            Made(value, inner) is { Operator: BinaryOperator { Kind: BinaryKind.Add } } node ? WithNumber(node) : null;

        (int Value, double Number)? WithNumber(Node node) => Number(node.Inputs[1]) is { } right ? (node.Inputs[0], right)
            : Number(node.Inputs[0]) is { } left ? (node.Inputs[1], left)
            : null;

        (int Value, double Number)? Scaled(int value, List<int> inner) => Made(value, inner) switch
        {
            { Operator: BinaryOperator { Kind: BinaryKind.Div } } node when Number(node.Inputs[1]) is { } by => (node.Inputs[0], 1 / by),
            { Operator: BinaryOperator { Kind: BinaryKind.Mul } } node => WithNumber(node),
            _ => null,
        };

        double? Number(int value)
        {
            if (!builder.Constants.TryGetValue(value, out var constant) || constant.Type is not { IsFloat: true, Elements: 1, Rank: <= 1 })
                return null;
            leastRank = Math.Max(leastRank, constant.Type.Rank);
            return constant.Floats[0];
        }

        (double Low, double High)? Bounds(ClipOperator clip, Node node)
        {
            double? Bound(int input, float otherwise) =>
                input >= node.Inputs.Length || node.Inputs[input] < 0 ? otherwise : Number(node.Inputs[input]);
            return Bound(1, clip.Low) is { } low && Bound(2, clip.High) is { } high ? (low, high) : null;
        }

        // Whether nothing else uses what the function's nodes make.
        bool OnlyInside(List<int> inner, int x, int at)
        {
            var own = inner.Append(at).ToHashSet();
            return inner.All(k => nodes[k].Output != x && !outputs.Contains(nodes[k].Output)
                && own.Sum(o => nodes[o].Inputs.Count(v => v == nodes[k].Output)) == uses[nodes[k].Output]);
        }
    }

    static bool Is(double number, double wanted) => Math.Abs(number - wanted) <= Near * Math.Abs(wanted);
}
