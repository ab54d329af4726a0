using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>1×1 convolutions, of any stride: products of matrices, of every s-th row and column.</summary>
/// <param name="images">N.</param>
/// <param name="cin">Input channels.</param>
/// <param name="cout">Output channels.</param>
/// <param name="phases">The images' size, and the stride as the distance of what is read.</param>
/// <param name="kernels">The kernels.</param>
sealed unsafe class PointPasses(int images, int cin, int cout, ConvPhases phases, PointKernels kernels) : ConvPasses
{
    PointShape Shape => new(images, cin, cout, phases.Rows * phases.Columns);

    public override ConvChoice Choice => ConvChoice.Of(Shape);

    public override Tensor Output(Tensor input, Tensor weight, Tensor? bias) =>
        Outputs(Shape, Thin(input), weight, back: false, bias);

    public override (Tensor? Input, Tensor? Weight) Gradients(Tensor? input, Tensor weight, Tensor gradient, bool wantsInput)
    {
        var toInput = wantsInput ? Spread(Outputs(Shape.Backward(), gradient, weight, back: true, null)) : null;
        if (input is null)
            return (toInput, null);
        var toWeight = Tensor.Empty(weight.Shape, ScalarType.Float32);
        kernels.WeightGradient(Shape, (float*)Thin(input).Data(), (float*)gradient.Data(), (float*)toWeight.Data());
        return (toInput, toWeight);
    }

    Tensor Outputs(in PointShape shape, Tensor from, Tensor weight, bool back, Tensor? bias)
    {
        var output = Tensor.Empty([images, shape.Cout, phases.Rows, phases.Columns], ScalarType.Float32);
        kernels.Outputs(shape, (float*)from.Data(), (float*)weight.Data(), back, bias is null ? null : (float*)bias.Data(),
            (float*)output.Data());
        return output;
    }

    Tensor Thin(Tensor planes)
    {
        if (phases.Dilation == 1)
            return planes;
        var thin = Tensor.Empty([images, cin, phases.Rows, phases.Columns], ScalarType.Float32);
        phases.Thin((float*)planes.Data(), images * cin, (float*)thin.Data());
        return thin;
    }

    Tensor Spread(Tensor thin)
    {
        if (phases.Dilation == 1)
            return thin;
        var planes = Tensor.Empty([images, cin, phases.Height, phases.Width], ScalarType.Float32);
        phases.Spread((float*)thin.Data(), images * cin, (float*)planes.Data());
        return planes;
    }
}
