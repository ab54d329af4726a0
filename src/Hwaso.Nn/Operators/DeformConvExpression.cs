using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Deformable convolution written in libtorch's operators, so that it runs, and is differentiated, wherever they are.</summary>
static class DeformConvExpression
{
    static readonly Operator Gather = new("aten::gather"), Floor = new("aten::floor"), InRange = new("aten::logical_and"), Ge = new("aten::ge.Scalar"), Lt = new("aten::lt.Scalar");

    /// <summary>[N, Cout, H', W'].</summary>
    public static Tensor Of(DeformConvGeometry g, Tensor input, Tensor offset, Tensor weight, Tensor? bias, Tensor? mask)
    {
        long n = g.Images, og = g.OffsetGroups, taps = g.Taps, pixels = g.OutPixels;
        // Positions of a whole image are beyond what 16 bits tell apart.
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
        var result = weight.Reshape(1, g.Groups, g.OutChannels / g.Groups, g.Channels / g.Groups * taps).MatMul(rows).Reshape(n, g.OutChannels, g.OutHeight, g.OutWidth);
        return bias is null ? result : result + bias.Reshape(1, g.OutChannels, 1, 1);
    }

    /// <summary>The pixels at a row and column, weighted; nothing where they are outside.</summary>
    static Tensor Corner(DeformConvGeometry g, Tensor image, Tensor row, Tensor column, Tensor share)
    {
        var inside = Aten.Call(InRange, Aten.Call(InRange, Aten.Call(Ge, row, (Scalar)0), Aten.Call(Lt, row, (Scalar)g.Height)), Aten.Call(InRange, Aten.Call(Ge, column, (Scalar)0), Aten.Call(Lt, column, (Scalar)g.Width))).AsTensor();
        // Clamped as integers: a position that is no number must not become an index beyond the image.
        var index = Aten.Mul(Aten.Clamp(row.To(ScalarType.Int64), 0, g.Height - 1), g.Width) + Aten.Clamp(column.To(ScalarType.Int64), 0, g.Width - 1);
        long[] flat = [image.Size(0), 1, (long)g.Taps * g.OutPixels];
        var places = Aten.Expand(index.Reshape(flat), [-1, image.Size(1), -1]);
        var weights = (share * inside.To(share.Type)).To(image.Type).Reshape(flat);
        return Aten.Call(Gather, image, 2, places, false).AsTensor() * weights;
    }

    /// <summary>Each point's row before it is shifted, [1, T, H'·W'].</summary>
    static Tensor Rows(DeformConvGeometry g, ScalarType type, Device device) => Grid(
        Step(g.KernelHeight, g.Dilation.Y, 0, type, device).Reshape(g.KernelHeight, 1, 1, 1), Step(g.OutHeight, g.Stride.Y, -g.Padding.Y, type, device).Reshape(1, 1, g.OutHeight, 1), g);

    static Tensor Columns(DeformConvGeometry g, ScalarType type, Device device) => Grid(
        Step(g.KernelWidth, g.Dilation.X, 0, type, device).Reshape(1, g.KernelWidth, 1, 1), Step(g.OutWidth, g.Stride.X, -g.Padding.X, type, device).Reshape(1, 1, 1, g.OutWidth), g);

    static Tensor Grid(Tensor point, Tensor pixel, DeformConvGeometry g) =>
        Aten.Expand(point + pixel, [g.KernelHeight, g.KernelWidth, g.OutHeight, g.OutWidth]).Reshape(1, g.Taps, g.OutPixels);

    static Tensor Step(int count, int step, int start, ScalarType type, Device device) => Aten.Arange(0, count, dtype: type, device: device) * step + start;

    static Tensor Select(this Tensor tensor, int dimension, long index) => Aten.Select(tensor, dimension, index);
}
