using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// A transposed convolution whose kernel is as large as its stride, without padding: no two input pixels reach the same output pixel, so
/// it is a pointwise convolution to all numbers of the kernel, whose results are written side by side.
/// </summary>
sealed unsafe class ConvSpreadKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Tile = ConvWeights.Tile;

    readonly ConvShape shape;
    readonly Constant weights;
    readonly float* input, bias, output;
    readonly Unary function;
    readonly int numbers, tiles, rowsOfItem, itemsOfImage;

    /// <param name="shape">The sizes; strides are those of the convolution that it transposes.</param>
    /// <param name="weights">The weights as <see cref="ConvSpread.Get"/> packs them.</param>
    /// <param name="input">The images, [N, Cin, H, W].</param>
    /// <param name="bias">[Cout], or null.</param>
    /// <param name="function">The function applied last.</param>
    /// <param name="output">The result, [N, Cout, OH, OW].</param>
    /// <param name="threads">The number of threads that share the work.</param>
    public ConvSpreadKernel(in ConvShape shape, Constant weights, float* input, float* bias, Unary function, float* output, int threads)
    {
        (this.shape, this.weights, this.function) = (shape, weights, function);
        this.input = input;
        this.bias = bias;
        this.output = output;
        numbers = shape.GroupCout * shape.Taps;
        tiles = (numbers + Tile - 1) / Tile;
        var images = shape.Batch * shape.Groups;
        rowsOfItem = Math.Clamp((int)Math.Min((long)shape.Height * images / (4 * threads), 64), 1, Math.Max(1, shape.Height));
        itemsOfImage = (shape.Height + rowsOfItem - 1) / rowsOfItem;
        Items = images * itemsOfImage;
    }

    public override int Items { get; }

    public override long ScratchBytes => PanelBytes + ((long)tiles * 2 * Tile * sizeof(TVector));

    long PanelBytes => PinnedMemory.Whole((long)shape.GroupCin * 2 * sizeof(TVector));

    public override void Run(int item, byte* scratch)
    {
        var (image, firstRow) = (item / itemsOfImage, item % itemsOfImage * rowsOfItem);
        var group = image % shape.Groups;
        var plane = (nint)shape.Height * shape.Width;
        var source = input + (image * shape.GroupCin * plane);
        var panel = (float*)scratch;
        var sums = (TVector*)(scratch + PanelBytes);
        var w = (float*)weights.Address + ((long)group * tiles * shape.GroupCin * Tile);
        for (var y = firstRow; y < Math.Min(shape.Height, firstRow + rowsOfItem); y++)
            for (var x = 0; x < shape.Width; x += 2 * TLanes.Count)
            {
                var columns = Math.Min(2 * TLanes.Count, shape.Width - x);
                var from = source + ((nint)y * shape.Width) + x;
                for (var c = 0; c < shape.GroupCin; c++, from += plane)
                    ConvPanel<TLanes, TVector>.Lay(from, columns > TLanes.Count ? 2 : 1, panel + (c * 2 * TLanes.Count), 0);
                for (var tile = 0; tile < tiles; tile++)
                    ConvTile<TLanes, TVector>.Add(w + ((nint)tile * shape.GroupCin * Tile), panel, shape.GroupCin, sums + (tile * 2 * Tile),
                        first: true, w + ((nint)(tile + 1 < tiles ? tile + 1 : 0) * shape.GroupCin * Tile));
                Write((float*)sums, image, y, x, columns);
            }
    }

    // The numbers of kernel place k of channel c are those of sum c × taps + k.
    void Write(float* sums, int image, int y, int x, int columns)
    {
        var (height, width) = (shape.KernelHeight, shape.KernelWidth);
        var first = image % shape.Groups * shape.GroupCout;
        for (var c = 0; c < shape.GroupCout; c++)
        {
            var shift = bias == null ? 0 : bias[first + c];
            var to = output + ((((((nint)image * shape.GroupCout) + c) * shape.OutHeight) + (y * height)) * shape.OutWidth) + (x * width);
            for (var ky = 0; ky < height; ky++, to += shape.OutWidth)
            {
                for (var kx = 0; kx < width; kx++, sums += 2 * TLanes.Count)
                    for (var k = 0; k < columns; k++)
                        to[(k * width) + kx] = sums[k] + shift;
                if (function.Kind != UnaryKind.Identity)
                    UnaryRow<TLanes, TVector>.Apply(function, to, to, columns * width);
            }
        }
    }
}

/// <summary>The weights of <see cref="ConvSpreadKernel{TLanes, TVector}"/>.</summary>
static class ConvSpread
{
    // Distinguishes this form from those of ConvWeights, which count groups.
    const int Layout = -1;

    /// <summary>Whether a transposed convolution is one.</summary>
    public static bool Fits(in ConvShape shape) => shape.KernelHeight == shape.StrideY && shape.KernelWidth == shape.StrideX
        && shape is { DilationY: 1, DilationX: 1, Top: 0, Left: 0 }
        && shape.OutHeight == (long)shape.Height * shape.StrideY && shape.OutWidth == (long)shape.Width * shape.StrideX;

    /// <summary>Packs [Cin, Cout/g, KH, KW] as [g][tiles][Cin/g][6] at the first call.</summary>
    public static Constant Get(PackedWeights packed, Constant weights, int groups, string place) =>
        packed.Get(weights, Layout, memory => Pack(weights, groups, place, memory));

    static Constant Pack(Constant weights, int groups, string place, WeightMemory? memory)
    {
        var shape = weights.Type.Shape;
        var (cin, numbers) = (shape[0] / groups, shape[1] * shape[2] * shape[3]);
        var tiles = (numbers + ConvWeights.Tile - 1) / ConvWeights.Tile;
        var packed = new Constant(new TensorType(true, [groups, tiles, cin, ConvWeights.Tile], place), memory);
        var from = weights.Floats;
        var to = packed.Floats;
        for (var g = 0; g < groups; g++)
            for (var c = 0; c < cin; c++)
                for (var n = 0; n < numbers; n++)
                    to[(((((g * tiles) + (n / ConvWeights.Tile)) * cin) + c) * ConvWeights.Tile) + (n % ConvWeights.Tile)] =
                        from[(((g * cin) + c) * numbers) + n];
        return packed;
    }
}
