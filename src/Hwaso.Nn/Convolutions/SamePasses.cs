using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>3×3 convolutions of stride 1, padded by their dilation.</summary>
/// <param name="images">N.</param>
/// <param name="cin">Input channels.</param>
/// <param name="cout">Output channels.</param>
/// <param name="phases">The images' size and the dilation.</param>
/// <param name="kernels">The kernels.</param>
sealed unsafe class SamePasses(int images, int cin, int cout, ConvPhases phases, MinimalPasses kernels) : ConvPasses
{
    SameConvShape Shape => phases.Of(images, cin, cout);

    public override ConvChoice Choice => ConvChoice.Of(Shape);

    public override Tensor Output(Tensor input, Tensor weight, Tensor? bias) => Outputs(Shape, Split(input), weight, back: false, bias);

    public override (Tensor? Input, Tensor? Weight) Gradients(Tensor? input, Tensor weight, Tensor gradient, bool wantsInput)
    {
        var split = Split(gradient);
        var toInput = wantsInput ? Outputs(Shape.Backward(), split, weight, back: true, null) : null;
        if (input is null)
            return (toInput, null);
        var toWeight = Tensor.Empty(weight.Shape, ScalarType.Float32);
        kernels.WeightGradient(Shape, (float*)Split(input).Data(), (float*)split.Data(), (float*)toWeight.Data());
        return (toInput, toWeight);
    }

    Tensor Outputs(in SameConvShape shape, Tensor from, Tensor weight, bool back, Tensor? bias)
    {
        var output = Tensor.Empty([shape.Images, shape.Cout, shape.Height, shape.Width], ScalarType.Float32);
        kernels.Outputs(shape, (float*)from.Data(), (float*)weight.Data(), back, bias is null ? null : (float*)bias.Data(),
            (float*)output.Data());
        if (phases.Dilation == 1)
            return output;
        var joined = Tensor.Empty([images, shape.Cout, phases.Height, phases.Width], ScalarType.Float32);
        phases.Join((float*)output.Data(), images, shape.Cout, (float*)joined.Data());
        return joined;
    }

    Tensor Split(Tensor planes)
    {
        if (phases.Dilation == 1)
            return planes;
        var channels = (int)planes.Size(1);
        var shape = phases.Of(images, channels, channels);
        var split = Tensor.Empty([shape.Images, channels, shape.Height, shape.Width], ScalarType.Float32);
        phases.Split((float*)planes.Data(), images, channels, (float*)split.Data());
        return split;
    }
}
