using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>The operators of networks, with gradients.</summary>
static class OperatorChecks
{
    /// <summary>
    /// Of hard swish in float64. libtorch's CUDA kernel multiplies by a sixth that it rounds to float32, so every result is off by that
    /// rounding, 2⁻²⁴ at most (aten/src/ATen/native/cuda/ActivationHardswishKernel.cu). The gradient's kernel divides instead.
    /// </summary>
    const double RoundedSixth = 1.0 / (1 << 24);

    static readonly long[] image = [2, 6, 10, 12];

    static readonly (string Name, long[][] Shapes, Func<Tensor[], Tensor> Run)[] operators =
    [
        ("convolution", [image, [8, 6, 3, 3], [8]], x => Aten.Conv2d(x[0], x[1], x[2], padding: [1, 1])),
        ("convolution, strided", [image, [8, 6, 3, 3]], x => Aten.Conv2d(x[0], x[1], stride: [2, 2], padding: [1, 1])),
        ("convolution, dilated", [image, [8, 6, 3, 3]], x => Aten.Conv2d(x[0], x[1], padding: [2, 2], dilation: [2, 2])),
        ("convolution, depthwise", [image, [6, 1, 3, 3]], x => Aten.Conv2d(x[0], x[1], padding: [1, 1], groups: 6)),
        ("convolution, 1×1", [image, [8, 6, 1, 1]], x => Aten.Conv2d(x[0], x[1])),
        ("convolution, transposed", [image, [6, 4, 2, 2]], x => Aten.ConvTranspose2d(x[0], x[1], stride: [2, 2])),
        ("linear", [[5, 7], [3, 7], [3]], x => Aten.Linear(x[0], x[1], x[2])),
        ("matrix product", [[4, 5, 7], [4, 7, 3]], x => x[0].MatMul(x[1])),
        ("batch norm, training", [image, [6], [6]], x => Aten.BatchNorm(x[0], x[1], x[2], null, null, true, 0.1, 1e-5, true)),
        ("layer norm", [[4, 5, 8], [8], [8]], x => Aten.LayerNorm(x[0], [8], x[1], x[2])),
        ("group norm", [image, [6], [6]], x => Aten.GroupNorm(x[0], 3, x[1], x[2])),
        ("max pooling", [image], x => Aten.MaxPool2d(x[0], [3, 3], [2, 2], [1, 1])),
        ("average pooling", [image], x => Aten.AvgPool2d(x[0], [2, 2], ceilMode: true)),
        ("adaptive pooling", [image], x => Aten.AdaptiveAvgPool2d(x[0], [3, 5])),
        ("bilinear, up", [image], x => x[0].ResizeBilinear(23, 31)),
        ("bilinear, down, corners aligned", [image], x => x[0].ResizeBilinear(5, 7, alignCorners: true)),
        ("nearest", [image], x => x[0].ResizeNearest(20, 24)),
        ("bicubic", [image], x => Aten.UpsampleBicubic2d(x[0], [15, 17], false)),
        ("ReLU", [image], x => x[0].Relu()),
        ("GELU", [image], x => Aten.Gelu(x[0])),
        ("SiLU", [image], x => Aten.Silu(x[0])),
        ("hard swish", [image], x => Aten.Hardswish(x[0])),
        ("sigmoid", [image], x => x[0].Sigmoid()),
        ("tanh", [image], x => Aten.Tanh(x[0])),
        ("softmax", [image], x => x[0].Softmax(1)),
        ("log softmax", [image], x => x[0].LogSoftmax(1)),
        ("concatenation", [image, image], x => Tensor.Concat(x, 1)),
        ("padding", [image], x => Aten.Pad(x[0], [1, 2, 3, 4])),
        ("mean of pixels", [image], x => x[0].Mean([2, 3])),
        ("largest of pixels", [image], x => Aten.Amax(x[0], [2, 3])),
        ("variance", [image], x => Aten.Call("aten::var.dim", x[0], new long[] { 2, 3 }, false, false).AsTensor()),
        ("broadcast arithmetic", [image, [6, 1, 1]], x => (x[0] + x[1]) * x[1] / (Aten.Exp(x[0]) + 1)),
        ("expansion and permutation", [[6, 1, 12]], x => Aten.Expand(x[0], [6, 10, 12]).Permute(2, 0, 1).Reshape(12, 60)),
        ("grid sampling", [image, [2, 4, 5, 2]], x => Aten.GridSampler(x[0], Aten.Tanh(x[1]), 0, 0, false)),
        ("attention", [[2, 4, 9, 8], [2, 4, 9, 8], [2, 4, 9, 8]],
            x => (x[0].MatMul(x[1].Transpose(2, 3)) * (1 / Math.Sqrt(8))).Softmax(3).MatMul(x[2])),
    ];

    public static void Run(CheckReport report, Device device)
    {
        foreach (var (name, shapes, run) in operators)
            report.Run(name, () => DeviceComparison.Compare(device, shapes, run, name == "hard swish" ? RoundedSixth : Numbers.Exact));
        report.Run("what is not differentiable", () => Indices(device));
        report.Run("transfer of every element type", () => Transfers(device));
    }

    static string Indices(Device device)
    {
        using var scope = new Scope();
        RandomState.Seed(2);
        var x = Tensor.Randn([3, 5, 7]);
        double[] Answers(Tensor x) =>
        [
            .. Numbers.Of(x.ArgMax(1)), .. Numbers.Of(Aten.Gt(x, 0)), .. Numbers.Of(Aten.MaskedFill(x, Aten.Lt(x, 0.0), 7.0)),
            .. Numbers.Of(Aten.Bincount(x.ArgMax(1).Flatten(), minlength: 9)), .. Numbers.Of(Aten.Flip(x, [2])),
            .. Numbers.Of(Aten.CallAll(new Operator("aten::sort"), x, 1L, true)[1].AsTensor()),
        ];
        return Numbers.Within(0, "positions, comparisons, counts", Numbers.Error(Answers(x), Answers(x.To(device))));
    }

    static string Transfers(Device device)
    {
        using var scope = new Scope();
        var numbers = Tensor.From([0f, 1f, 2f, 100f], 4);
        ScalarType[] types =
        [
            ScalarType.UInt8, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64, ScalarType.Float16,
            ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64,
        ];
        foreach (var type in types)
            if (!Numbers.Of(numbers.To(type).To(device).To(Device.Cpu)).SequenceEqual([0, 1, 2, 100]))
                throw new CheckException($"{type} changed on its way to {device} and back");
        return $"{types.Length} types";
    }
}
