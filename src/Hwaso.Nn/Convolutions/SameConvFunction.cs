using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>3×3 convolutions of stride 1, padded by their dilation, in float32 on the processor: of input, weight and bias.</summary>
/// <param name="phases">The convolution's size and dilation.</param>
/// <param name="choice">The passes that are ours.</param>
/// <param name="passes">Their kernels.</param>
sealed unsafe class SameConvFunction(ConvPhases phases, ConvChoice choice, MinimalPasses passes) : Function
{
    static readonly Operator backward = new("aten::convolution_backward");
    static readonly long[] ones = [1, 1], none = [0, 0];

    // Input, unless its source computes it again.
    Tensor? input, weight;
    IRemadeMap? source;
    int images;

    public override string Name => "conv2d";

    long[] Dilation => [phases.Dilation, phases.Dilation];

    Tensor Input => input ?? source!.Again();

    int Cin => (int)weight!.Size(1);

    int Cout => (int)weight!.Size(0);

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        var x = inputs[0].Contiguous();
        source = RemadeMaps.SourceOf(inputs[0]);
        (input, weight, images) = (source is null ? Save(x) : null, Save(inputs[1].Contiguous()), (int)x.Size(0));
        var bias = inputs.Length > 2 ? inputs[2].Contiguous() : null;
        return [choice.Output
            ? Outputs(phases.Of(images, Cin, Cout), Split(x), back: false, bias)
            : Aten.Conv2d(x, weight, bias, ones, Dilation, Dilation, 1)];
    }

    Tensor Outputs(in SameConvShape shape, Tensor from, bool back, Tensor? bias)
    {
        var output = Tensor.Empty([shape.Images, shape.Cout, shape.Height, shape.Width], ScalarType.Float32);
        passes.Outputs(shape, (float*)from.Data(), (float*)weight!.Data(), back, bias is null ? null : (float*)bias.Data(),
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

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var gradient = gradients[0]!.Contiguous();
        var (wantsInput, wantsWeight) = (NeedsGradient[0], NeedsGradient[1]);
        var shape = phases.Of(images, Cin, Cout);
        var (toInput, toWeight) = Libtorch(gradient, wantsInput && !choice.Input, wantsWeight && !choice.Weight);
        if ((wantsInput && choice.Input) || (wantsWeight && choice.Weight))
        {
            var split = Split(gradient);
            if (wantsInput && choice.Input)
                toInput = Outputs(shape.Backward(), split, back: true, null);
            if (wantsWeight && choice.Weight)
            {
                toWeight = Tensor.Empty(weight!.Shape, ScalarType.Float32);
                passes.WeightGradient(shape, (float*)Split(Input).Data(), (float*)split.Data(), (float*)toWeight.Data());
            }
        }
        var bias = NeedsGradient.Count > 2 && NeedsGradient[2] ? Aten.Sum(gradient, [0, 2, 3]) : null;
        return NeedsGradient.Count > 2 ? [toInput, toWeight, bias] : [toInput, toWeight];
    }

    (Tensor? Input, Tensor? Weight) Libtorch(Tensor gradient, bool wantsInput, bool wantsWeight)
    {
        if (!wantsInput && !wantsWeight)
            return (null, null);
        var found = Aten.CallAll(backward, gradient, Input, weight, Value.None, ones, Dilation, Dilation, false, none, 1L,
            new[] { wantsInput, wantsWeight, false });
        return (wantsInput ? found[0].AsTensor() : null, wantsWeight ? found[1].AsTensor() : null);
    }
}
