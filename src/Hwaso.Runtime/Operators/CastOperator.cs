using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>
/// ONNX's Cast. All integer types have one representation here, and so have all floating-point types: casts within either are views.
/// </summary>
sealed unsafe record CastOperator(OnnxType To) : Operator, IView, IFolding
{
    bool ToFloat => Numbers.IsReal(To);

    public static CastOperator Read(NodeAttributes attributes)
    {
        attributes.Ignore("saturate", "round_mode");
        var to = (OnnxType)attributes.Int("to", 0);
        return Enum.IsDefined(to) ? new(to) : throw attributes.Refuse($"element type {(int)to} is not supported");
    }

    public bool IsView(Operands inputs) => inputs.Type(0).IsFloat == ToFloat;

    public override TensorType Infer(Operands inputs) => inputs.Of(ToFloat, inputs.Type(0).Shape);

    public override Kernel Bind(Binding binding) => IsView(binding.Operands)
        ? CopyKernel.Dense(binding.Output.Elements, binding.Output.ElementBytes, binding.Bytes(0), binding.OutBytes)
        : new CastKernel(binding.Output.Elements, ToFloat, To == OnnxType.Bool, binding.Bytes(0), binding.OutBytes);

    public Constant? Fold(Operands inputs, TensorType output)
    {
        if (inputs.Known(0) is not { } known)
            return null;
        var result = new Constant(output);
        if (known.Type.IsFloat == ToFloat)
            known.Bytes.CopyTo(result.Bytes);
        else
            for (var k = 0; k < output.Elements; k++)
                if (ToFloat)
                    result.Floats[k] = known.Ints[k];
                else
                    result.Ints[k] = To == OnnxType.Bool ? (known.Floats[k] != 0 ? 1 : 0) : (long)known.Floats[k];
        return result;
    }
}
