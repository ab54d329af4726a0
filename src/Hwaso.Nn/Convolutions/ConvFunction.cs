using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>A convolution in float32 on the processor, of input, weight and bias.</summary>
/// <param name="steps">The convolution.</param>
/// <param name="choice">The passes that are ours.</param>
/// <param name="passes">Their kernels; null where none are ours.</param>
sealed class ConvFunction(ConvSteps steps, ConvChoice choice, ConvPasses? passes) : Function
{
    // Input, unless its source computes it again.
    Tensor? input, weight;
    IRemadeMap? source;
    LibtorchPasses? libtorch;

    public override string Name => "conv2d";

    Tensor Input => input ?? source!.Again();

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        var x = inputs[0].Contiguous();
        source = RemadeMaps.SourceOf(inputs[0]);
        (input, weight) = (source is null ? Save(x) : null, Save(inputs[1].Contiguous()));
        var bias = inputs.Length > 2 ? inputs[2].Contiguous() : null;
        libtorch = new LibtorchPasses(x.Shape, weight.Shape, steps);
        return [choice.Output ? passes!.Output(x, weight, bias) : libtorch.Output(x, weight, bias)];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var gradient = gradients[0]!.Contiguous();
        var (wantsInput, wantsWeight) = (NeedsGradient[0], NeedsGradient[1]);
        var prepared = (wantsInput && choice.Input) || (wantsWeight && choice.Weight) ? passes!.Prepared(gradient) : null;
        Tensor? toInput = null, toWeight = null;
        if (wantsInput)
            toInput = choice.Input ? passes!.InputGradient(weight!, prepared!) : libtorch!.InputGradient(Input, weight!, gradient);
        if (wantsWeight && choice.Weight)
        {
            toWeight = Tensor.Empty(weight!.Shape, ScalarType.Float32);
            passes!.WeightGradient(Input, prepared!, toWeight);
        }
        else if (wantsWeight)
            toWeight = libtorch!.WeightGradient(Input, weight!, gradient);
        var bias = NeedsGradient.Count > 2 && NeedsGradient[2] ? Aten.Sum(gradient, [0, 2, 3]) : null;
        return NeedsGradient.Count > 2 ? [toInput, toWeight, bias] : [toInput, toWeight];
    }
}
