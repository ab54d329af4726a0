using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's functions of one number, such as activations.</summary>
sealed unsafe record UnaryOperator(Unary Function) : Operator
{
    /// <summary>The rank of a constant that a function made of several nodes broadcasts with: 0 or 1.</summary>
    public int LeastRank { get; init; }

    public override TensorType Infer(Operands inputs) =>
        inputs.Float(0) is { Rank: 0 } && LeastRank > 0 ? inputs.Floats(1) : inputs.Float(0);

    public override Kernel Bind(Binding binding) => binding.Kernels.Unary(Function, binding.In(0), binding.Out, binding.Output.Elements);
}

/// <summary>ONNX's Clip; its bounds are attributes before operator set 11, inputs since.</summary>
sealed unsafe record ClipOperator(float Low, float High) : Operator
{
    public static ClipOperator Read(NodeAttributes attributes) =>
        new(attributes.Float("min", float.NegativeInfinity), attributes.Float("max", float.PositiveInfinity));

    public override TensorType Infer(Operands inputs)
    {
        FunctionOf(inputs);
        return inputs.Float(0);
    }

    public override Kernel Bind(Binding binding) =>
        binding.Kernels.Unary(FunctionOf(binding.Operands), binding.In(0), binding.Out, binding.Output.Elements);

    /// <summary>The function for the given bounds.</summary>
    public Unary FunctionOf(Operands inputs) => new(UnaryKind.Clip, Bound(inputs, 1, Low), Bound(inputs, 2, High));

    static float Bound(Operands inputs, int input, float otherwise) => !inputs.Has(input) ? otherwise
        : inputs.Float(input).Elements == 1 ? inputs.Constant(input, "bounds").Floats[0]
        : throw inputs.Refuse($"bound {inputs.Type(input)}: one number was wanted");
}
