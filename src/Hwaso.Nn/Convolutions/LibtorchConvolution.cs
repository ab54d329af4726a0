using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>
/// libtorch's convolutions, beside own kernels as nodes of ours: of maps that are computed again in the backward pass instead of being kept
/// until then, and on all threads where they take milliseconds.
/// </summary>
static class LibtorchConvolution
{
    static readonly Operator operation = new("aten::conv2d");

    /// <summary>libtorch's convolution, to the bit; observers see an ordinary one.</summary>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, in ConvSteps steps)
    {
        if (!NoGrad.IsFollowing || !OwnKernels.AreOn || Autocast.TypeOn(x.Device) is not null)
            return Aten.Conv2d(x, weight, bias, steps.Stride, steps.Padding, steps.Dilation, steps.Groups);
        var function = new LibtorchConvFunction(RemadeMaps.SourceOf(x), steps);
        return Door.CallManaged(operation, [x, weight, bias, steps.Stride, steps.Padding, steps.Dilation, steps.Groups],
            () => function.Apply(bias is null ? [x, weight] : [x, weight, bias])[0]);
    }
}

/// <summary>Of input, weight and bias; keeps the weight alone where the input can be computed again.</summary>
sealed class LibtorchConvFunction(IRemadeMap? source, ConvSteps steps) : Function
{
    static readonly Operator backward = new("aten::convolution_backward");
    static readonly long[] none = [0, 0];

    Tensor? input, weight;

    public override string Name => "conv2d";

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        (input, weight) = (source is null ? Save(inputs[0]) : null, Save(inputs[1]));
        using var threads = steps.Threads(inputs[0], inputs[1]);
        return [Aten.Conv2d(inputs[0], inputs[1], inputs.Length > 2 ? inputs[2] : null, steps.Stride, steps.Padding, steps.Dilation,
            steps.Groups)];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var count = NeedsGradient.Count;
        if (gradients[0] is not { } gradient)
            return new Tensor?[count];
        bool[] wanted = [NeedsGradient[0], NeedsGradient[1], count > 2 && NeedsGradient[2]];
        var x = input ?? source!.Again();
        using var threads = steps.Threads(x, weight!);
        var found = Aten.CallAll(backward, gradient, x, weight, count > 2 ? new[] { weight!.Size(0) } : Value.None,
            steps.Stride, steps.Padding, steps.Dilation, false, none, steps.Groups, wanted);
        return [.. Enumerable.Range(0, count).Select(k => wanted[k] ? found[k].AsTensor() : null)];
    }
}
