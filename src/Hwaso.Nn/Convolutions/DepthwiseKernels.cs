using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A convolution of each channel by itself, with a square kernel.</summary>
/// <param name="Images">N.</param>
/// <param name="Channels">C.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Kernel">Side of the kernel.</param>
/// <param name="Stride">Step.</param>
/// <param name="Padding">Zeros around, at most <see cref="Reach"/>.</param>
/// <param name="Dilation">Distance of the kernel's points.</param>
readonly record struct DepthwiseShape(
    int Images, int Channels, int Height, int Width, int Kernel, int Stride, int Padding, int Dilation)
{
    public int Taps => Kernel * Kernel;

    /// <summary>From the kernel's first point to its last.</summary>
    public int Reach => Dilation * (Kernel - 1);

    /// <summary>Whether there are outputs, and our kernels compute them.</summary>
    public bool IsReachable => Padding <= Reach && Math.Min(Height, Width) + 2 * Padding > Reach;

    /// <summary>Rows of the output.</summary>
    public int Rows => (Height + 2 * Padding - Reach - 1) / Stride + 1;

    /// <summary>Columns of the output.</summary>
    public int Columns => (Width + 2 * Padding - Reach - 1) / Stride + 1;

    public long MultiplyAdds => (long)Images * Channels * Rows * Columns * Taps;
}

/// <summary>Convolutions of each channel by itself, for one width of vectors. A thread has a channel of all images.</summary>
abstract unsafe class DepthwiseKernels
{
    /// <summary>[N, C, H', W'] from the input and weights [C, 1, K, K].</summary>
    public abstract void Outputs(in DepthwiseShape shape, float* input, float* weights, float* bias, float* output);

    /// <summary>[N, C, H, W] from gradients of the output.</summary>
    public abstract void InputGradient(in DepthwiseShape shape, float* gradient, float* weights, float* output);

    /// <summary>[C, 1, K, K] from inputs and gradients of the output.</summary>
    public abstract void WeightGradient(in DepthwiseShape shape, float* input, float* gradient, float* output);

    /// <summary>For the widest vectors that the processor has.</summary>
    public static DepthwiseKernels Widest =>
        Vector512.IsHardwareAccelerated ? DepthwiseKernels<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated ? DepthwiseKernels<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? DepthwiseKernels<Lanes128, Vector128<float>>.Instance
        : DepthwiseKernels<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class DepthwiseKernels<TLanes, TVector> : DepthwiseKernels
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Vectors of a row that are summed at once. Taps whose gradients are; vectors after which their sums are added up, because long ones
    // round more.
    const int Vectors = 4, Together = 5, MostVectors = 64;

    public static DepthwiseKernels Instance { get; } = new DepthwiseKernels<TLanes, TVector>();

    public override void Outputs(in DepthwiseShape shape, float* input, float* weights, float* bias, float* output)
    {
        var plane = new PaddedPlane(
            shape.Height + 2 * shape.Padding, shape.Width + 2 * shape.Padding, shape.Stride, Vectors * TLanes.Count);
        Run(shape, plane, shape.Padding, 1, (shape.Height, shape.Width), (shape.Rows, shape.Columns), input, weights, false, bias, output);
    }

    public override void InputGradient(in DepthwiseShape shape, float* gradient, float* weights, float* output)
    {
        var plane = new PaddedPlane(shape.Height + shape.Reach, shape.Width + shape.Reach, 1, Vectors * TLanes.Count);
        Run(shape, plane, shape.Reach - shape.Padding, shape.Stride, (shape.Rows, shape.Columns), (shape.Height, shape.Width),
            gradient, weights, true, null, output);
    }

    static void Run(DepthwiseShape shape, PaddedPlane plane, int begin, int apart, (int Rows, int Columns) from,
        (int Rows, int Columns) to, float* input, float* weights, bool back, float* bias, float* output)
    {
        using var scope = new Scope();
        var threads = Workers.For(shape.MultiplyAdds);
        var (line, taps) = (plane.Line(to.Columns), shape.Taps);
        var numbers = plane.Numbers + line;
        Workers.Run(threads, shape.Channels, (_, channel) =>
        {
            var padded = Scratch.Of(numbers);
            var row = padded + plane.Numbers;
            var offsets = stackalloc nint[taps];
            var factors = stackalloc float[taps];
            for (var t = 0; t < taps; t++)
            {
                offsets[t] = plane.Offset(t / shape.Kernel * shape.Dilation, t % shape.Kernel * shape.Dilation);
                factors[t] = weights[(nint)channel * taps + (back ? taps - 1 - t : t)];
            }
            plane.Clear(padded);
            for (var n = 0; n < shape.Images; n++)
            {
                var image = (nint)n * shape.Channels + channel;
                plane.Fill(input + image * from.Rows * from.Columns, from.Rows, from.Columns, begin, apart, padded);
                var target = output + image * to.Rows * to.Columns;
                for (var y = 0; y < to.Rows; y++, target += to.Columns)
                {
                    Row(padded + y * plane.Down, offsets, factors, taps, bias == null ? 0 : bias[channel], to.Columns, row);
                    new ReadOnlySpan<float>(row, to.Columns).CopyTo(new Span<float>(target, to.Columns));
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Row(float* padded, nint* offsets, float* factors, int taps, float bias, int columns, float* to)
    {
        for (var x = 0; x < columns; x += Vectors * TLanes.Count, padded += Vectors * TLanes.Count, to += Vectors * TLanes.Count)
        {
            TVector a, b, c, d;
            a = b = c = d = TLanes.All(bias);
            for (var t = 0; t < taps; t++)
            {
                var from = padded + offsets[t];
                var k = TLanes.All(factors[t]);
                a = TLanes.MultiplyAdd(k, TLanes.Load(from), a);
                b = TLanes.MultiplyAdd(k, TLanes.Load(from + TLanes.Count), b);
                c = TLanes.MultiplyAdd(k, TLanes.Load(from + 2 * TLanes.Count), c);
                d = TLanes.MultiplyAdd(k, TLanes.Load(from + 3 * TLanes.Count), d);
            }
            TLanes.Store(a, to);
            TLanes.Store(b, to + TLanes.Count);
            TLanes.Store(c, to + 2 * TLanes.Count);
            TLanes.Store(d, to + 3 * TLanes.Count);
        }
    }

    public override void WeightGradient(in DepthwiseShape given, float* input, float* gradient, float* output)
    {
        using var scope = new Scope();
        var shape = given;
        var threads = Workers.For(shape.MultiplyAdds);
        var plane = new PaddedPlane(
            shape.Height + 2 * shape.Padding, shape.Width + 2 * shape.Padding, shape.Stride, Vectors * TLanes.Count);
        var (line, taps) = (plane.Line(shape.Columns), shape.Taps);
        // Rows are added up together so that the last vectors of many narrow ones cost no sum each.
        var rows = Math.Max(1, MostVectors * TLanes.Count / line);
        var numbers = plane.Numbers + rows * line;
        Workers.Run(threads, shape.Channels, (_, channel) =>
        {
            var padded = Scratch.Of(numbers);
            var lines = padded + plane.Numbers;
            var offsets = stackalloc nint[taps + Together];
            var sums = stackalloc double[taps + Together];
            for (var t = 0; t < taps + Together; t++)
            {
                var tap = Math.Min(t, taps - 1);
                offsets[t] = plane.Offset(tap / shape.Kernel * shape.Dilation, tap % shape.Kernel * shape.Dilation);
                sums[t] = 0;
            }
            plane.Clear(padded);
            new Span<float>(lines, rows * line).Clear();
            for (var n = 0; n < shape.Images; n++)
            {
                var image = (nint)n * shape.Channels + channel;
                plane.Fill(input + image * shape.Height * shape.Width, shape.Height, shape.Width, shape.Padding, 1, padded);
                var from = gradient + image * shape.Rows * shape.Columns;
                for (var y = 0; y < shape.Rows; y += rows)
                {
                    var some = Math.Min(rows, shape.Rows - y);
                    for (var r = 0; r < some; r++, from += shape.Columns)
                        new ReadOnlySpan<float>(from, shape.Columns).CopyTo(new Span<float>(lines + r * line, shape.Columns));
                    for (var t = 0; t < taps; t += Together)
                        Sums(padded + y * plane.Down, plane.Down, lines, line, some, offsets + t, sums + t);
                }
            }
            for (var t = 0; t < taps; t++)
                output[(nint)channel * taps + t] = (float)sums[t];
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Sums(float* padded, nint down, float* lines, int line, int rows, nint* offsets, double* sums)
    {
        TVector a, b, c, d, e;
        a = b = c = d = e = TLanes.All(0);
        for (var r = 0; r < rows; r++, padded += down, lines += line)
            for (var x = 0; x < line; x += TLanes.Count)
            {
                var g = TLanes.Load(lines + x);
                var from = padded + x;
                a = TLanes.MultiplyAdd(g, TLanes.Load(from + offsets[0]), a);
                b = TLanes.MultiplyAdd(g, TLanes.Load(from + offsets[1]), b);
                c = TLanes.MultiplyAdd(g, TLanes.Load(from + offsets[2]), c);
                d = TLanes.MultiplyAdd(g, TLanes.Load(from + offsets[3]), d);
                e = TLanes.MultiplyAdd(g, TLanes.Load(from + offsets[4]), e);
            }
        sums[0] += TLanes.Sum(a);
        sums[1] += TLanes.Sum(b);
        sums[2] += TLanes.Sum(c);
        sums[3] += TLanes.Sum(d);
        sums[4] += TLanes.Sum(e);
    }
}
