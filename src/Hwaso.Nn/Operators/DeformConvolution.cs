using System.Numerics;
using System.Runtime.Intrinsics;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>
/// Deformable convolution: every point of the kernel is moved by an offset of its own and, in the second version, modulated. Dai et al.,
/// ICCV 2017; Zhu et al., CVPR 2019. Arguments and answers are those of torchvision's <c>deform_conv2d</c>.
/// </summary>
public static class DeformConvolution
{
    static readonly Operator operation = Operator.Managed(
        "hwaso::deform_conv2d(Tensor input, Tensor offset, Tensor weight, Tensor? bias, "
        + "int[2] stride, int[2] padding, int[2] dilation, Tensor? mask) -> Tensor");

    /// <summary>
    /// [N, C, H, W] to [N, Cout, H', W'], differentiable in every tensor. Float32 and float64 on the processor go through a kernel of ours,
    /// anything else through libtorch's operators.
    /// </summary>
    /// <param name="input">[N, C, H, W]; zero outside.</param>
    /// <param name="offset">[N, 2·G·kh·kw, H', W']: for each offset group and point, rows first, how far down and how far right in pixels;
    /// G divides C.</param>
    /// <param name="weight">[Cout, C/groups, kh, kw].</param>
    /// <param name="bias">[Cout], or null.</param>
    /// <param name="stride">Steps down and right, at least 1; null for 1.</param>
    /// <param name="padding">Zeros above and left, at least 0; null for 0.</param>
    /// <param name="dilation">Distances of the kernel's points, at least 1; null for 1.</param>
    /// <param name="mask">[N, G·kh·kw, H', W'], the factor of each sample; null for 1.</param>
    /// <exception cref="ArgumentException">Shapes, element types or devices do not fit; the message names them and what was
    /// wanted.</exception>
    public static Tensor Apply(Tensor input, Tensor offset, Tensor weight, Tensor? bias = null, long[]? stride = null,
        long[]? padding = null, long[]? dilation = null, Tensor? mask = null) =>
        Run(input, offset, weight, bias, stride ?? [1, 1], padding ?? [0, 0], dilation ?? [1, 1], mask, mayKernel: true);

    /// <summary>The same by libtorch's operators alone, as on other devices, to compare with.</summary>
    /// <exception cref="ArgumentException">As above.</exception>
    public static Tensor ApplyExpression(Tensor input, Tensor offset, Tensor weight, Tensor? bias = null, long[]? stride = null,
        long[]? padding = null, long[]? dilation = null, Tensor? mask = null) =>
        Run(input, offset, weight, bias, stride ?? [1, 1], padding ?? [0, 0], dilation ?? [1, 1], mask, mayKernel: false);

    static Tensor Run(Tensor input, Tensor offset, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation,
        Tensor? mask, bool mayKernel)
    {
        // As torchvision's: offsets in a narrow type would be of whole pixels.
        if (Autocast.TypeOn(input.Device) is not null)
        {
            using var off = Autocast.Off(input.Device);
            static Tensor Wide(Tensor tensor) =>
                tensor.Type is ScalarType.Float32 or ScalarType.Float64 ? tensor : tensor.To(ScalarType.Float32);
            return Run(Wide(input), Wide(offset), Wide(weight), bias is null ? null : Wide(bias), stride, padding, dilation,
                mask is null ? null : Wide(mask), mayKernel);
        }
        var geometry = DeformConvGeometry.Of(input, offset, weight, bias, mask, stride, padding, dilation);
        return Door.CallManaged(operation, [input, offset, weight, bias, stride, padding, dilation, mask], () =>
        {
            if (!mayKernel || !HasKernel(input))
                return DeformConvExpression.Of(geometry, input, offset, weight, bias, mask);
            var inputs = new[] { input, offset, weight, mask, bias }.OfType<Tensor>().ToArray();
            return input.Type == ScalarType.Float32
                ? new DeformConvFunction<float>(geometry, mask is not null, bias is not null).Apply(inputs)[0]
                : new DeformConvFunction<double>(geometry, mask is not null, bias is not null).Apply(inputs)[0];
        });
    }

    static bool HasKernel(Tensor input) => input.Device.Type == DeviceType.Cpu && input.Type is ScalarType.Float32 or ScalarType.Float64;
}

/// <summary>
/// Deformable convolution on the processor, for autograd; inputs are input, offset, weight, then mask and bias where there are any.
/// </summary>
sealed class DeformConvFunction<T>(DeformConvGeometry geometry, bool hasMask, bool hasBias)
    : Function
    where T : unmanaged, IFloatingPointIeee754<T>
{
    Tensor[] kept = [];

    public override string Name => "deform_conv2d";

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        kept = inputs.Select(Save).ToArray();
        return [Kernel(kept).Forward(kept[2].Contiguous(), hasBias ? kept[^1].Contiguous() : null)];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var wants = new DeformConvWants(NeedsGradient[0], NeedsGradient[1], NeedsGradient[2], hasMask && NeedsGradient[3],
            hasBias && NeedsGradient[^1]);
        var (input, offset, weight, mask, bias) = Kernel(kept).Backward(kept[2].Contiguous(), gradients[0]!, wants);
        return (hasMask, hasBias) switch
        {
            (true, true) => [input, offset, weight, mask, bias],
            (true, false) => [input, offset, weight, mask],
            (false, true) => [input, offset, weight, bias],
            _ => [input, offset, weight],
        };
    }

    /// <summary>Bits of the vectors, 256 or 512; null for the widest that the processor has and the channels fill. For tests.</summary>
    public int? Bits { get; init; }

    IDeformConvKernel Kernel(Tensor[] inputs)
    {
        var (input, offset, mask) = (inputs[0], inputs[1].Contiguous(), hasMask ? inputs[3].Contiguous() : null);
        var widest = Vector512.IsHardwareAccelerated && geometry.SharedChannels > Vector256<T>.Count ? 512 : 256;
        return (Bits ?? widest) == 512 ? new DeformConvKernel<T, Vector512<T>, Wide512<T>>(geometry, input, offset, mask)
            : new DeformConvKernel<T, Vector256<T>, Wide256<T>>(geometry, input, offset, mask);
    }
}

/// <summary>Deformable convolution written in libtorch's operators, so that it runs, and is differentiated, wherever they are.</summary>
static class DeformConvExpression
{
    static readonly Operator Gather = new("aten::gather"), Floor = new("aten::floor"), InRange = new("aten::logical_and"),
        Ge = new("aten::ge.Scalar"), Lt = new("aten::lt.Scalar");

    /// <summary>[N, Cout, H', W'].</summary>
    public static Tensor Of(DeformConvGeometry g, Tensor input, Tensor offset, Tensor weight, Tensor? bias, Tensor? mask)
    {
        long n = g.Images, og = g.OffsetGroups, taps = g.Taps, pixels = g.OutPixels;
        // 16 bits cannot tell the positions of a whole image apart.
        var wide = input.Type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var shift = offset.To(wide).Reshape(n * og, taps, 2, pixels);
        var y = shift.Select(2, 0) + Rows(g, wide, input.Device);                                   // [N·G, T, H'·W']
        var x = shift.Select(2, 1) + Columns(g, wide, input.Device);
        Tensor top = Aten.Call(Floor, y.Detach()).AsTensor(), left = Aten.Call(Floor, x.Detach()).AsTensor();
        Tensor down = y - top, right = x - left;
        var image = input.Reshape(n * og, g.Channels / og, g.InPixels);
        var columns = Corner(g, image, top, left, Aten.Rsub(down, 1) * Aten.Rsub(right, 1))
            + Corner(g, image, top, left + 1, Aten.Rsub(down, 1) * right)
            + Corner(g, image, top + 1, left, down * Aten.Rsub(right, 1))
            + Corner(g, image, top + 1, left + 1, down * right);                                    // [N·G, C/G, T·H'·W']
        if (mask is not null)
            columns *= mask.Reshape(n * og, 1, taps * pixels);
        var rows = columns.Reshape(n, g.Groups, g.Channels / g.Groups * taps, pixels);
        var result = weight.Reshape(1, g.Groups, g.OutChannels / g.Groups, g.Channels / g.Groups * taps).MatMul(rows)
            .Reshape(n, g.OutChannels, g.OutHeight, g.OutWidth);
        return bias is null ? result : result + bias.Reshape(1, g.OutChannels, 1, 1);
    }

    /// <summary>The pixels at a row and column, weighted; nothing where they are outside.</summary>
    static Tensor Corner(DeformConvGeometry g, Tensor image, Tensor row, Tensor column, Tensor share)
    {
        var inRows = Aten.Call(InRange, Aten.Call(Ge, row, (Scalar)0), Aten.Call(Lt, row, (Scalar)g.Height));
        var inColumns = Aten.Call(InRange, Aten.Call(Ge, column, (Scalar)0), Aten.Call(Lt, column, (Scalar)g.Width));
        var inside = Aten.Call(InRange, inRows, inColumns).AsTensor();
        // Clamped as integers: a position that is no number must not become an index beyond the image.
        var index = Aten.Mul(Aten.Clamp(row.To(ScalarType.Int64), 0, g.Height - 1), g.Width)
            + Aten.Clamp(column.To(ScalarType.Int64), 0, g.Width - 1);
        long[] flat = [image.Size(0), 1, (long)g.Taps * g.OutPixels];
        var places = Aten.Expand(index.Reshape(flat), [-1, image.Size(1), -1]);
        var weights = (share * inside.To(share.Type)).To(image.Type).Reshape(flat);
        return Aten.Call(Gather, image, 2, places, false).AsTensor() * weights;
    }

    /// <summary>Each point's row before it is shifted, [1, T, H'·W'].</summary>
    static Tensor Rows(DeformConvGeometry g, ScalarType type, Device device) => Grid(
        Step(g.KernelHeight, g.Dilation.Y, 0, type, device).Reshape(g.KernelHeight, 1, 1, 1),
        Step(g.OutHeight, g.Stride.Y, -g.Padding.Y, type, device).Reshape(1, 1, g.OutHeight, 1),
        g);

    static Tensor Columns(DeformConvGeometry g, ScalarType type, Device device) => Grid(
        Step(g.KernelWidth, g.Dilation.X, 0, type, device).Reshape(1, g.KernelWidth, 1, 1),
        Step(g.OutWidth, g.Stride.X, -g.Padding.X, type, device).Reshape(1, 1, 1, g.OutWidth),
        g);

    static Tensor Grid(Tensor point, Tensor pixel, DeformConvGeometry g) =>
        Aten.Expand(point + pixel, [g.KernelHeight, g.KernelWidth, g.OutHeight, g.OutWidth]).Reshape(1, g.Taps, g.OutPixels);

    static Tensor Step(int count, int step, int start, ScalarType type, Device device) =>
        Aten.Arange(0, count, dtype: type, device: device) * step + start;

    static Tensor Select(this Tensor tensor, int dimension, long index) => Aten.Select(tensor, dimension, index);
}
