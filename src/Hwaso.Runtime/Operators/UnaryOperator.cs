using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Operators;

/// <summary>Functions of one number: activations and the like.</summary>
sealed unsafe record UnaryOperator(Unary Function) : Operator
{
    public override TensorType Infer(Operands inputs) => inputs.Float(0);

    public override Kernel Bind(Binding binding) => binding.Kernels.Unary(Function, binding.In(0), binding.Out, binding.Output.Elements);
}
