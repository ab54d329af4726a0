using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>A convolution in float32 on the processor, of input, weight and bias.</summary>
/// <param name="steps">The convolution.</param>
/// <param name="choice">The passes that are ours.</param>
/// <param name="passes">Their kernels.</param>
sealed class ConvFunction(ConvSteps steps, ConvChoice choice, ConvPasses passes) : Function
{
    static readonly Operator backward = new("aten::convolution_backward");
    static readonly long[] none = [0, 0];

    // Input, unless its source computes it again.
    Tensor? input, weight;
    IRemadeMap? source;

    public override string Name => "conv2d";

    Tensor Input => input ?? source!.Again();

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        var x = inputs[0].Contiguous();
        source = RemadeMaps.SourceOf(inputs[0]);
        (input, weight) = (source is null ? Save(x) : null, Save(inputs[1].Contiguous()));
        var bias = inputs.Length > 2 ? inputs[2].Contiguous() : null;
        using var threads = choice.Output ? default : steps.Threads(x, weight);
        return [choice.Output
            ? passes.Output(x, weight, bias)
            : Aten.Conv2d(x, weight, bias, steps.Stride, steps.Padding, steps.Dilation, steps.Groups)];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var gradient = gradients[0]!.Contiguous();
        var (wantsInput, wantsWeight) = (NeedsGradient[0], NeedsGradient[1]);
        var (toInput, toWeight) = Libtorch(gradient, wantsInput && !choice.Input, wantsWeight && !choice.Weight);
        if ((wantsInput && choice.Input) || (wantsWeight && choice.Weight))
        {
            var prepared = passes.Prepared(gradient);
            if (wantsInput && choice.Input)
                toInput = passes.InputGradient(weight!, prepared);
            if (wantsWeight && choice.Weight)
            {
                toWeight = Tensor.Empty(weight!.Shape, ScalarType.Float32);
                passes.WeightGradient(Input, prepared, toWeight);
            }
        }
        var bias = NeedsGradient.Count > 2 && NeedsGradient[2] ? Aten.Sum(gradient, [0, 2, 3]) : null;
        return NeedsGradient.Count > 2 ? [toInput, toWeight, bias] : [toInput, toWeight];
    }

    (Tensor? Input, Tensor? Weight) Libtorch(Tensor gradient, bool wantsInput, bool wantsWeight)
    {
        if (!wantsInput && !wantsWeight)
            return (null, null);
        var x = Input;
        using var threads = steps.Threads(x, weight!);
        var found = Aten.CallAll(backward, gradient, x, weight, Value.None, steps.Stride, steps.Padding, steps.Dilation, false, none,
            steps.Groups, new[] { wantsInput, wantsWeight, false });
        return (wantsInput ? found[0].AsTensor() : null, wantsWeight ? found[1].AsTensor() : null);
    }
}
