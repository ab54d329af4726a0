using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Bilinear resizing of maps.</summary>
public static class BilinearResize
{
    /// <summary>
    /// Resizes [N, C, H, W] to a height and width; with <paramref name="alignCorners"/> corner pixels map to corner pixels.
    /// </summary>
    /// <remarks>
    /// Where <see cref="TorchInfo.IsDeterministic"/> is set, the gradient is a product of matrices, because CUDA's own kernel adds in no
    /// fixed order.
    /// </remarks>
    public static Tensor ResizeBilinear(this Tensor x, long height, long width, bool alignCorners = false) =>
        BilinearKernel.Takes(x) ? Own(x, (int)height, (int)width, alignCorners)
        : x.RequiresGrad && NoGrad.IsFollowing && TorchInfo.IsDeterministic
            ? new BilinearFunction(height, width, alignCorners).Apply(x)[0]
            : Aten.UpsampleBilinear2d(x, [height, width], alignCorners);

    static readonly Operator operation = new("aten::upsample_bilinear2d");

    static Tensor Own(Tensor x, int height, int width, bool alignCorners) =>
        Door.CallManaged(operation, [x, new long[] { height, width }, alignCorners], () =>
        {
            BilinearAxis Axis(long from, int to) =>
                new((int)from, to, BilinearFunction.ScaleOf(from, to, alignCorners), alignCorners);
            return new BilinearKernel(Axis(x.Size(2), height), Axis(x.Size(3), width)).Apply(x)[0];
        });
}

/// <summary>
/// Bilinear resizing like <c>aten::upsample_bilinear2d</c> with its gradient as two matrix products, Aᵀ_h · G · A_w, where A has the share
/// of each original pixel in each pixel of the result. It gives the same bits at each run, on every device.
/// </summary>
sealed class BilinearFunction(long height, long width, bool alignCorners) : Function
{
    long[] shape = [];

    public override string Name => "resize_bilinear";

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        shape = inputs[0].Shape;
        return [Aten.UpsampleBilinear2d(inputs[0], [height, width], alignCorners)];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        if (gradients[0] is not { } gradient)
            return [null];
        var type = gradient.Type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var down = Shares(shape[2], height, gradient.Device).To(type).Permute(1, 0);                // [H, h]
        var across = Shares(shape[3], width, gradient.Device).To(type);                             // [w, W]
        return [down.MatMul(gradient.To(type).Contiguous().MatMul(across)).To(gradient.Type)];     // [N, C, H, W]
    }

    /// <summary>
    /// [to, from]: the share of each original pixel in each pixel of the result, with libtorch's pixel centres and float32 positions.
    /// </summary>
    Tensor Shares(long from, long to, Device device)
    {
        var scale = ScaleOf(from, to, alignCorners);
        return device == Device.Cpu ? Shares(from, to, scale) : SharesOn(device, from, to, scale);
    }

    /// <summary>Original pixels a pixel of the result.</summary>
    internal static float ScaleOf(long from, long to, bool alignCorners) =>
        alignCorners ? (to > 1 ? (float)(from - 1) / (to - 1) : 0) : (float)from / to;

    /// <summary>The same made on the device: a graph of a step can record it, but no copy from the processor's memory.</summary>
    internal Tensor SharesOn(Device device, long from, long to, float scale)
    {
        var rows = Aten.Arange(0L, to, dtype: ScalarType.Float32, device: device);
        var places = Aten.Clamp(alignCorners ? rows * scale : (rows + 0.5f) * scale - 0.5f, 0, from - 1);              // [to]
        var columns = Aten.Arange(0L, from, dtype: ScalarType.Float32, device: device);                               // [from]
        return Aten.Relu(Aten.Abs(places.Unsqueeze(1) - columns) * -1f + 1f);
    }

    internal Tensor Shares(long from, long to, float scale)
    {
        var shares = new float[to * from];
        for (var k = 0L; k < to; k++)
        {
            var place = alignCorners ? scale * k : Math.Max(scale * (k + 0.5f) - 0.5f, 0);
            var first = Math.Min((long)place, from - 1);
            var second = Math.Min(first + 1, from - 1);
            var share = Math.Clamp(place - first, 0, 1);
            shares[k * from + first] += 1 - share;
            shares[k * from + second] += share;
        }
        return Tensor.From<float>(shares, to, from);
    }
}
