using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>3×3 convolutions of stride 2, padded by 1.</summary>
/// <param name="shape">Their size.</param>
/// <param name="kernels">The kernels.</param>
sealed unsafe class HalvingPasses(HalvingShape shape, HalvingKernels kernels) : ConvPasses
{
    public override ConvChoice Choice => ConvChoice.Of(shape);

    public override Tensor Output(Tensor input, Tensor weight, Tensor? bias)
    {
        var planes = shape.Output;
        var output = Tensor.Empty([planes.Images, planes.Cout, planes.Height, planes.Width], ScalarType.Float32);
        kernels.Outputs(shape, (float*)input.Data(), (float*)weight.Data(), bias is null ? null : (float*)bias.Data(),
            (float*)output.Data());
        return output;
    }

    public override (Tensor? Input, Tensor? Weight) Gradients(Tensor? input, Tensor weight, Tensor gradient, bool wantsInput)
    {
        var toInput = wantsInput
            ? Tensor.Empty([shape.Images, shape.Cin, shape.Height, shape.Width], ScalarType.Float32)
            : null;
        if (toInput is not null)
            kernels.InputGradient(shape, (float*)gradient.Data(), (float*)weight.Data(), (float*)toInput.Data());
        if (input is null)
            return (toInput, null);
        var toWeight = Tensor.Empty(weight.Shape, ScalarType.Float32);
        kernels.WeightGradient(shape, (float*)input.Data(), (float*)gradient.Data(), (float*)toWeight.Data());
        return (toInput, toWeight);
    }
}
