using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>3×3 convolutions whose output has their input's size, by kernels of ours, where autograd follows.</summary>
static class SameConvolution
{
    static readonly Operator operation = new("aten::conv2d");

    /// <summary>Whether kernels of ours compute a pass of this convolution of these tensors.</summary>
    public static bool Takes(Tensor x, Tensor weight, long[] stride, long[] padding, long[] dilation, int groups) =>
        NoGrad.IsFollowing && groups == 1 && stride is [1, 1] && (weight.Size(2), weight.Size(3)) == (3, 3)
        && dilation[0] == dilation[1] && padding[0] == dilation[0] && padding[1] == dilation[0]
        && x.Device.Type == DeviceType.Cpu && x.Type == ScalarType.Float32 && weight.Type == ScalarType.Float32
        && x.Dimensions == 4 && x.Size(1) == weight.Size(1) && x.Elements > 0 && Autocast.TypeOn(x.Device) is null
        && Choice(x, weight, dilation).IsAny;

    /// <summary>[N, Cin, H, W] to [N, Cout, H, W]; observers see an ordinary convolution.</summary>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation, int groups) =>
        Door.CallManaged(operation, [x, weight, bias, stride, padding, dilation, (long)groups], () =>
            new SameConvFunction(Phases(x, dilation), Choice(x, weight, dilation), MinimalPasses.Widest)
                .Apply(bias is null ? [x, weight] : [x, weight, bias])[0]);

    static ConvPhases Phases(Tensor x, long[] dilation) => new((int)dilation[0], (int)x.Size(2), (int)x.Size(3));

    static ConvChoice Choice(Tensor x, Tensor weight, long[] dilation) =>
        ConvChoice.Of(Phases(x, dilation).Of((int)x.Size(0), (int)x.Size(1), (int)weight.Size(0)));
}
