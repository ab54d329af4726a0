using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Convolutions whose bits do not depend on threads, where autograd follows: by kernels of ours where they are faster.</summary>
static class OwnConvolution
{
    static readonly Operator operation = new("aten::conv2d");

    /// <summary>
    /// [N, Cin, H, W] to [N, Cout, H', W'], in float32 on the processor; observers see an ordinary convolution. Else null.
    /// </summary>
    public static Tensor? Apply(Tensor x, Tensor weight, Tensor? bias, in ConvSteps steps)
    {
        var isOurs = NoGrad.IsFollowing && x.Device.Type == DeviceType.Cpu && x.Type == ScalarType.Float32
            && weight.Type == ScalarType.Float32 && x.Dimensions == 4 && x.Size(1) == weight.Size(1) * steps.Groups && x.Elements > 0
            && Autocast.TypeOn(x.Device) is null;
        if (!isOurs)
            return null;
        var passes = ConvPasses.Of(x, weight, steps);
        var choice = passes?.Choice ?? default;
        var function = new ConvFunction(steps, choice, passes);
        return Door.CallManaged(operation, [x, weight, bias, steps.Stride, steps.Padding, steps.Dilation, steps.Groups],
            () => function.Apply(bias is null ? [x, weight] : [x, weight, bias])[0]);
    }
}
