using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Convolutions of output as large as their input, by kernels of ours, where autograd follows.</summary>
static class SameConvolution
{
    static readonly Operator operation = new("aten::conv2d");

    /// <summary>Whether kernels of ours compute a pass of this convolution of these tensors.</summary>
    public static bool Takes(Tensor x, Tensor weight, long[] stride, long[] padding, long[] dilation, int groups) =>
        NoGrad.IsFollowing && groups == 1 && stride is [1, 1] && dilation[0] == dilation[1]
        && ((weight.Size(2), weight.Size(3)) switch
        {
            (1, 1) => padding is [0, 0],
            (3, 3) => padding[0] == dilation[0] && padding[1] == dilation[0],
            _ => false,
        })
        && x.Device.Type == DeviceType.Cpu && x.Type == ScalarType.Float32 && weight.Type == ScalarType.Float32
        && x.Dimensions == 4 && x.Size(1) == weight.Size(1) && x.Elements > 0 && Autocast.TypeOn(x.Device) is null
        && !ConvChoice.Of(Shape(x, weight, dilation)).IsLibtorch;

    /// <summary>[N, Cin, H, W] to [N, Cout, H, W]; observers see an ordinary convolution.</summary>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation, int groups)
    {
        var shape = Shape(x, weight, dilation);
        return Door.CallManaged(operation, [x, weight, bias, stride, padding, dilation, (long)groups], () =>
            new SameConvFunction(shape, ConvChoice.Of(shape)).Apply(bias is null ? [x, weight] : [x, weight, bias])[0]);
    }

    static SameConvShape Shape(Tensor x, Tensor weight, long[] dilation)
    {
        var (n, cin, h, w) = ((int)x.Size(0), (int)x.Size(1), (int)x.Size(2), (int)x.Size(3));
        var (cout, kernel) = ((int)weight.Size(0), (int)weight.Size(2));
        return kernel == 1 ? new(n, cin, cout, 1, h * w, 1, 1) : new(n, cin, cout, h, w, 3, (int)dilation[0]);
    }
}
