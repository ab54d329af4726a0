using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Convolutions of output as large as their input, by kernels of ours, where autograd follows.</summary>
static class SameConvolution
{
    static readonly Operator operation = new("aten::conv2d");

    /// <summary>Whether there is a kernel for this convolution of these tensors.</summary>
    public static bool Takes(Tensor x, Tensor weight, long[] stride, long[] padding, long[] dilation, int groups) =>
        NoGrad.IsFollowing && groups == 1 && stride is [1, 1] && dilation[0] == dilation[1]
        && ((weight.Size(2), weight.Size(3)) switch
        {
            (1, 1) => padding is [0, 0],
            (3, 3) => padding[0] == dilation[0] && padding[1] == dilation[0],
            _ => false,
        })
        && x.Device.Type == DeviceType.Cpu && x.Type == ScalarType.Float32 && weight.Type == ScalarType.Float32
        && x.Dimensions == 4 && x.Size(1) == weight.Size(1) && x.Elements > 0 && Autocast.TypeOn(x.Device) is null;

    /// <summary>[N, Cin, H, W] to [N, Cout, H, W]; observers see an ordinary convolution.</summary>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation, int groups)
    {
        var (n, cin, h, w) = ((int)x.Size(0), (int)x.Size(1), (int)x.Size(2), (int)x.Size(3));
        var (cout, kernel) = ((int)weight.Size(0), (int)weight.Size(2));
        var shape = kernel == 1
            ? new SameConvShape(n, cin, cout, 1, h * w, 1, 1)
            : new SameConvShape(n, cin, cout, h, w, 3, (int)dilation[0]);
        return Door.CallManaged(operation, [x, weight, bias, stride, padding, dilation, (long)groups], () =>
            new SameConvFunction(shape, ConvPasses.For(shape.Width)).Apply(bias is null ? [x, weight] : [x, weight, bias])[0]);
    }
}

/// <summary>Convolutions of <see cref="SameConvShape"/> in float32 on the processor, for autograd; inputs are input, weight, bias.</summary>
sealed unsafe class SameConvFunction(SameConvShape shape, ConvPasses passes) : Function
{
    Tensor? input, weight;

    public override string Name => "conv2d";

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        (input, weight) = (Save(inputs[0].Contiguous()), Save(inputs[1].Contiguous()));
        var bias = inputs.Length > 2 ? inputs[2].Contiguous() : null;
        return [Outputs(shape, Pad(shape, input, shape.Cin, apart: false), apart: false, back: false, bias,
            [shape.Images, shape.Cout, .. input.Shape[2..]])];
    }

    Tensor Outputs(in SameConvShape s, float* padded, bool apart, bool back, Tensor? bias, long[] size)
    {
        var packed = Tensor.Empty([passes.PackedNumbers(s)], ScalarType.Float32);
        passes.Pack(s, (float*)weight!.Data(), back, (float*)packed.Data());
        var output = Tensor.Empty(size, ScalarType.Float32);
        passes.Forward(s, padded, (float*)packed.Data(), bias is null ? null : (float*)bias.Data(), apart, (float*)output.Data());
        return output;
    }

    float* Pad(in SameConvShape s, Tensor planes, int channels, bool apart)
    {
        var numbers = passes.PaddedNumbers(s, s.Images * channels, apart);
        var copy = Tensor.Empty([Math.Max(numbers, 1)], ScalarType.Float32);
        return passes.Pad(s, (float*)planes.Data(), s.Images * channels, apart, (float*)copy.Data());
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var gradient = gradients[0]!.Contiguous();
        var back = shape.Backward();
        var padded = Pad(back, gradient, shape.Cout, apart: true);
        var toInput = NeedsGradient[0] ? Outputs(back, padded, apart: true, back: true, null, input!.Shape) : null;
        Tensor? toWeight = null;
        if (NeedsGradient[1])
        {
            toWeight = Tensor.Empty(weight!.Shape, ScalarType.Float32);
            passes.WeightGradient(shape, Pad(shape, input!, shape.Cin, apart: true), padded, (float*)toWeight.Data());
        }
        var bias = NeedsGradient.Count > 2 && NeedsGradient[2] ? Aten.Sum(gradient, [0, 2, 3]) : null;
        return NeedsGradient.Count > 2 ? [toInput, toWeight, bias] : [toInput, toWeight];
    }
}
