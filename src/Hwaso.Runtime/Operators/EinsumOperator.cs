using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>
/// ONNX's Einsum of two tensors that sums over one dimension of both, such as bhwc,hkc->bhwk. Other equations are left to the evaluator.
/// </summary>
/// <param name="Left">The labels of input 0.</param>
/// <param name="Right">The labels of input 1.</param>
/// <param name="Result">The labels of the output.</param>
sealed unsafe record EinsumOperator(string Left, string Right, string Result) : Operator
{
    public static EinsumOperator Read(NodeAttributes attributes)
    {
        var equation = attributes.Text("equation", "").Replace(" ", "", StringComparison.Ordinal);
        static bool IsPlain(string labels) => labels.All(char.IsAsciiLetter) && labels.Distinct().Count() == labels.Length;
        return equation.Split("->") is [var sources, { Length: > 0 } result] && sources.Split(',') is [var left, var right]
            && IsPlain(left) && IsPlain(right) && IsPlain(result) && left.Union(right).Except(result).Count() == 1
            && !result.Except(left.Union(right)).Any() && left.Intersect(right).Except(result).Count() == 1
            ? new(left, right, result)
            : throw attributes.Refuse($"equation {equation} is not supported");
    }

    public override TensorType Infer(Operands inputs)
    {
        var (a, b) = (inputs.Float(0).Shape, inputs.Float(1).Shape);
        if (a.Length != Left.Length || b.Length != Right.Length)
            throw inputs.Refuse($"{inputs.Type(0)} and {inputs.Type(1)} do not fit {Left},{Right}");
        foreach (var label in Left.Intersect(Right))
            if (a[Left.IndexOf(label)] != b[Right.IndexOf(label)])
                throw inputs.Beyond($"'{label}' is {a[Left.IndexOf(label)]} and {b[Right.IndexOf(label)]}");
        return inputs.Floats([.. Result.Select(l => Left.Contains(l) ? a[Left.IndexOf(l)] : b[Right.IndexOf(l)])]);
    }

    public override Kernel Bind(Binding binding)
    {
        var (a, b) = (binding.Operands.Type(0).Shape, binding.Operands.Type(1).Shape);
        var (aSteps, bSteps) = (Strides.Dense(a), Strides.Dense(b));
        static int Step(string labels, int[] steps, char label) => labels.IndexOf(label) is >= 0 and var at ? steps[at] : 0;
        var sum = Left.Except(Result).Single();
        var strides = Strides.Merge(binding.Output.Shape, [.. Result.Select(l => Step(Left, aSteps, l))],
            [.. Result.Select(l => Step(Right, bSteps, l))], Strides.Dense(binding.Output.Shape));
        return new EinsumKernel(strides, a[Left.IndexOf(sum)], Step(Left, aSteps, sum), Step(Right, bSteps, sum), binding.In(0),
            binding.In(1), binding.Out);
    }
}
