using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Convolutions of <see cref="SameConvShape"/> in float32 on the processor, for autograd: of input, weight and bias.</summary>
/// <param name="shape">The convolution.</param>
/// <param name="choice">What computes each pass.</param>
/// <param name="direct">For vectors of some width; null chooses it by the shape.</param>
/// <param name="minimal">The same.</param>
sealed unsafe class SameConvFunction(SameConvShape shape, ConvChoice choice, ConvPasses? direct = null, MinimalPasses? minimal = null)
    : Function
{
    static readonly Operator backward = new("aten::convolution_backward");
    static readonly long[] ones = [1, 1], none = [0, 0];

    readonly ConvPasses direct = direct ?? ConvPasses.For(shape.Width);
    readonly MinimalPasses minimal = minimal ?? MinimalPasses.Widest;
    Tensor? input, weight;

    public override string Name => "conv2d";

    long[] Padding => [shape.Margin, shape.Margin];

    long[] Dilation => [shape.Dilation, shape.Dilation];

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        (input, weight) = (Save(inputs[0].Contiguous()), Save(inputs[1].Contiguous()));
        var bias = inputs.Length > 2 ? inputs[2].Contiguous() : null;
        if (choice.Output == ConvMethod.Libtorch)
            return [Aten.Conv2d(input, weight, bias, ones, Padding, Dilation, 1)];
        long[] size = [shape.Images, shape.Cout, .. input.Shape[2..]];
        return [choice.Output == ConvMethod.Minimal
            ? Minimal(shape, input, back: false, bias, size)
            : Direct(shape, Pad(shape, input, shape.Cin, apart: false), apart: false, back: false, bias, size)];
    }

    Tensor Minimal(in SameConvShape s, Tensor from, bool back, Tensor? bias, long[] size)
    {
        var output = Tensor.Empty(size, ScalarType.Float32);
        minimal.Outputs(s, (float*)from.Data(), (float*)weight!.Data(), back, bias is null ? null : (float*)bias.Data(),
            (float*)output.Data());
        return output;
    }

    Tensor Direct(in SameConvShape s, float* padded, bool apart, bool back, Tensor? bias, long[] size)
    {
        var packed = Tensor.Empty([direct.PackedNumbers(s)], ScalarType.Float32);
        direct.Pack(s, (float*)weight!.Data(), back, (float*)packed.Data());
        var output = Tensor.Empty(size, ScalarType.Float32);
        direct.Forward(s, padded, (float*)packed.Data(), bias is null ? null : (float*)bias.Data(), apart, (float*)output.Data());
        return output;
    }

    float* Pad(in SameConvShape s, Tensor planes, int channels, bool apart)
    {
        var numbers = direct.PaddedNumbers(s, s.Images * channels, apart);
        var copy = Tensor.Empty([Math.Max(numbers, 1)], ScalarType.Float32);
        return direct.Pad(s, (float*)planes.Data(), s.Images * channels, apart, (float*)copy.Data());
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var gradient = gradients[0]!.Contiguous();
        var (wantsInput, wantsWeight) = (NeedsGradient[0], NeedsGradient[1]);
        var back = shape.Backward();
        var padded = (wantsInput && choice.Input == ConvMethod.Direct) || (wantsWeight && choice.Weight == ConvMethod.Direct)
            ? Pad(back, gradient, shape.Cout, apart: true)
            : null;
        var (toInput, toWeight) = Libtorch(
            gradient, wantsInput && choice.Input == ConvMethod.Libtorch, wantsWeight && choice.Weight == ConvMethod.Libtorch);
        if (wantsInput)
            toInput ??= choice.Input == ConvMethod.Minimal
                ? Minimal(back, gradient, back: true, null, input!.Shape)
                : Direct(back, padded, apart: true, back: true, null, input!.Shape);
        if (wantsWeight)
            toWeight ??= Weight(gradient, padded);
        var bias = NeedsGradient.Count > 2 && NeedsGradient[2] ? Aten.Sum(gradient, [0, 2, 3]) : null;
        return NeedsGradient.Count > 2 ? [toInput, toWeight, bias] : [toInput, toWeight];
    }

    (Tensor? Input, Tensor? Weight) Libtorch(Tensor gradient, bool wantsInput, bool wantsWeight)
    {
        if (!wantsInput && !wantsWeight)
            return (null, null);
        var found = Aten.CallAll(backward, gradient, input, weight, Value.None, ones, Padding, Dilation, false, none, 1L,
            new[] { wantsInput, wantsWeight, false });
        return (wantsInput ? found[0].AsTensor() : null, wantsWeight ? found[1].AsTensor() : null);
    }

    Tensor Weight(Tensor gradient, float* padded)
    {
        var result = Tensor.Empty(weight!.Shape, ScalarType.Float32);
        if (choice.Weight == ConvMethod.Minimal)
            minimal.WeightGradient(shape, (float*)input!.Data(), (float*)gradient.Data(), (float*)result.Data());
        else
            direct.WeightGradient(shape, Pad(shape, input!, shape.Cin, apart: true), padded, (float*)result.Data());
        return result;
    }
}
