using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>
/// Two matrix products with a softmax between them, as one step: softmax(Q · K · scale) · V. Inputs are queries, keys and values.
/// Vaswani et al., "Attention is all you need", NeurIPS 2017.
/// </summary>
/// <param name="Scores">The first product.</param>
/// <param name="Values">The second product.</param>
sealed unsafe record AttentionOperator(MatMulOperator Scores, MatMulOperator Values) : Operator
{
    public override TensorType Infer(Operands inputs) => Values.Shape(Second(inputs)).Type;

    public override Kernel Bind(Binding binding) => binding.Kernels.Attention(
        Shape(binding.Operands), binding.In(0), binding.In(1), binding.In(2), binding.Out, binding.Threads);

    /// <summary>The sizes of both products.</summary>
    public AttentionShape Shape(Operands inputs) => new(Scores.Shape(inputs.Slice(0, 2)).Shape, Values.Shape(Second(inputs)).Shape);

    Operands Second(Operands inputs) => new(inputs.Place, [Scores.Shape(inputs.Slice(0, 2)).Type, inputs.Float(2)], [null, null]);
}
