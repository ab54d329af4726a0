using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>
/// ONNX's Cast. All integer types have one representation here, and so have all floating-point types: casts within either are views,
/// except for those of integers to truths.
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

    public bool IsView(Operands inputs) => inputs.Type(0).IsFloat == ToFloat && To != OnnxType.Bool;

    public override TensorType Infer(Operands inputs) => inputs.Of(ToFloat, inputs.Type(0).Shape);

    public override Kernel Bind(Binding binding) => IsView(binding.Operands)
        ? CopyKernel.Dense(binding.Output.Elements, binding.Output.ElementBytes, binding.Bytes(0), binding.OutBytes)
        : To == OnnxType.Bool
            ? new TruthKernel(binding.Output.Elements, binding.Operands.Type(0).IsFloat, binding.Bytes(0), (long*)binding.OutBytes)
            : new CastKernel(binding.Output.Elements, ToFloat, binding.Bytes(0), binding.OutBytes);

    public Constant? Fold(Operands inputs, TensorType output)
    {
        if (inputs.Known(0) is not { } known)
            return null;
        var result = new Constant(output);
        if (IsView(inputs))
            known.Bytes.CopyTo(result.Bytes);
        else
            for (var k = 0; k < output.Elements; k++)
                if (To == OnnxType.Bool)
                    result.Ints[k] = (known.Type.IsFloat ? known.Floats[k] != 0 : known.Ints[k] != 0) ? 1 : 0;
                else if (ToFloat)
                    result.Floats[k] = known.Ints[k];
                else
                    result.Ints[k] = (long)known.Floats[k];
        return result;
    }
}
