using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Bilinear resizing of float32 maps [N, C, H, W] on the processor, one direction after the other.</summary>
sealed unsafe class BilinearKernel(BilinearAxis rows, BilinearAxis columns) : Function
{
    long[] shape = [];

    public override string Name => "resize_bilinear";

    /// <summary>The width of vectors; null for the widest. For tests.</summary>
    internal BilinearPasses? Width { get; init; }

    BilinearPasses Passes => Width ?? BilinearPasses.Widest;

    /// <summary>Whether it takes a map.</summary>
    public static bool Takes(Tensor x) => OwnKernels.AreOn && x.RequiresGrad && NoGrad.IsFollowing && x.Device.Type == DeviceType.Cpu
        && x.Type == ScalarType.Float32 && x.Dimensions == 4 && x.Elements > 0 && Autocast.TypeOn(x.Device) is null;

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        var input = inputs[0].Contiguous();
        shape = input.Shape;
        var result = Tensor.Empty([shape[0], shape[1], rows.To, columns.To], ScalarType.Float32);
        var (threads, passes, planes) = (Workers.For(result.Elements * 4), Passes, (int)(shape[0] * shape[1]));
        float* from = (float*)input.Data(), to = (float*)result.Data();
        Workers.Run(threads, planes, (_, k) => passes.Forward(
            from + (nint)k * rows.From * columns.From, rows, columns, Scratch.Of(2 * columns.To),
            to + (nint)k * rows.To * columns.To));
        return [result];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        if (gradients[0] is not { } given)
            return [null];
        var gradient = given.Contiguous();
        var result = Tensor.Empty(shape, ScalarType.Float32);
        var (threads, passes, planes) = (Workers.For(gradient.Elements * 4), Passes, (int)(shape[0] * shape[1]));
        float* from = (float*)gradient.Data(), to = (float*)result.Data();
        Workers.Run(threads, planes, (_, k) => passes.Backward(
            from + (nint)k * rows.To * columns.To, rows, columns, Scratch.Of(columns.To),
            to + (nint)k * rows.From * columns.From));
        return [result];
    }
}

/// <summary>One direction of a resizing: each pixel of the result lies between two of the original.</summary>
sealed class BilinearAxis
{
    /// <summary>Sizes, and how many original pixels a pixel of the result is.</summary>
    public BilinearAxis(int from, int to, float scale, bool alignCorners)
    {
        (From, To, First, Share, Begin) = (from, to, new int[to], new float[to], new int[from + 1]);
        for (var k = 0; k < to; k++)
        {
            var place = alignCorners ? scale * k : Math.Max(scale * (k + 0.5f) - 0.5f, 0);
            First[k] = Math.Min((int)place, from - 1);
            Share[k] = First[k] == from - 1 ? 0 : Math.Clamp(place - First[k], 0, 1);
        }
        for (int pixel = 0, k = 0; pixel <= from; pixel++)
        {
            while (k < to && First[k] < pixel)
                k++;
            Begin[pixel] = k;
        }
    }

    /// <summary>Pixels of the original.</summary>
    public int From { get; }

    /// <summary>Pixels of the result.</summary>
    public int To { get; }

    /// <summary>The original pixel before each pixel of the result.</summary>
    public int[] First { get; }

    /// <summary>The share of the original pixel behind that.</summary>
    public float[] Share { get; }

    /// <summary>The first pixel of the result that lies at or behind each original pixel; one more is the number of all.</summary>
    public int[] Begin { get; }
}

/// <summary>The two passes over a plane, for one width of vectors.</summary>
abstract unsafe class BilinearPasses
{
    /// <summary>For the processor's widest vectors.</summary>
    public static BilinearPasses Widest =>
        Vector512.IsHardwareAccelerated ? BilinearPasses<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? BilinearPasses<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? BilinearPasses<Lanes128, Vector128<float>>.Instance
        : BilinearPasses<Lanes1, float>.Instance;

    /// <summary>The resized plane. <paramref name="two"/> has room for two rows of the result.</summary>
    public abstract void Forward(float* x, BilinearAxis rows, BilinearAxis columns, float* two, float* y);

    /// <summary>The gradient of the plane from that of the result. <paramref name="row"/> has room for a row of the result.</summary>
    public abstract void Backward(float* gradient, BilinearAxis rows, BilinearAxis columns, float* row, float* result);
}

/// <inheritdoc/>
sealed unsafe class BilinearPasses<TLanes, TVector> : BilinearPasses
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static BilinearPasses Instance { get; } = new BilinearPasses<TLanes, TVector>();

    public override void Forward(float* x, BilinearAxis rows, BilinearAxis columns, float* two, float* y)
    {
        // Rows of the original, resized to the result's width, and which ones they are.
        float* upper = two, lower = two + columns.To;
        var (upperRow, lowerRow) = (-1, -1);
        for (var k = 0; k < rows.To; k++, y += columns.To)
        {
            var (first, share) = (rows.First[k], rows.Share[k]);
            if (first != upperRow && first == lowerRow)
            {
                var swapped = upper;
                upper = lower;
                lower = swapped;
                (upperRow, lowerRow) = (lowerRow, upperRow);
            }
            if (first != upperRow)
                Resize(x + (nint)first * columns.From, columns, upper);
            upperRow = first;
            if (share == 0)
            {
                new ReadOnlySpan<float>(upper, columns.To).CopyTo(new Span<float>(y, columns.To));
                continue;
            }
            if (lowerRow != first + 1)
                Resize(x + (nint)(first + 1) * columns.From, columns, lower);
            lowerRow = first + 1;
            Blend(upper, lower, share, columns.To, y);
        }
    }

    static void Resize(float* row, BilinearAxis columns, float* to)
    {
        fixed (int* first = columns.First)
        fixed (float* share = columns.Share)
            for (var k = 0; k < columns.To; k++)
            {
                var pixel = row + first[k];
                // The last pixel has no neighbour, and a share of 0.
                to[k] = share[k] == 0 ? pixel[0] : pixel[0] * (1 - share[k]) + pixel[1] * share[k];
            }
    }

    static void Blend(float* a, float* b, float share, int count, float* to)
    {
        TVector rest = TLanes.All(1 - share), part = TLanes.All(share);
        var k = 0;
        for (; k <= count - TLanes.Count; k += TLanes.Count)
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(a + k), rest, TLanes.Multiply(TLanes.Load(b + k), part)), to + k);
        for (; k < count; k++)
            to[k] = a[k] * (1 - share) + b[k] * share;
    }

    public override void Backward(float* gradient, BilinearAxis rows, BilinearAxis columns, float* row, float* result)
    {
        for (var k = 0; k < rows.From; k++, result += columns.From)
        {
            var (before, begin, end) = (k == 0 ? 0 : rows.Begin[k - 1], rows.Begin[k], rows.Begin[k + 1]);
            new Span<float>(row, columns.To).Clear();
            for (var r = before; r < end; r++)
                AddRow(gradient + (nint)r * columns.To, r < begin ? rows.Share[r] : 1 - rows.Share[r], columns.To, row);
            Gather(row, columns, result);
        }
    }

    static void AddRow(float* from, float share, int count, float* to)
    {
        var factor = TLanes.All(share);
        var k = 0;
        for (; k <= count - TLanes.Count; k += TLanes.Count)
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(from + k), factor, TLanes.Load(to + k)), to + k);
        for (; k < count; k++)
            to[k] += from[k] * share;
    }

    static void Gather(float* row, BilinearAxis columns, float* to)
    {
        fixed (int* begin = columns.Begin)
        fixed (float* share = columns.Share)
        {
            var behind = 0.0;
            for (var pixel = 0; pixel < columns.From; pixel++)
            {
                // Pixels of the result between this one and the next give each a part.
                var (own, next) = (behind, 0.0);
                for (var k = begin[pixel]; k < begin[pixel + 1]; k++)
                {
                    double part = row[k] * (double)share[k];
                    next += part;
                    own += row[k] - part;
                }
                to[pixel] = (float)own;
                behind = next;
            }
        }
    }
}
