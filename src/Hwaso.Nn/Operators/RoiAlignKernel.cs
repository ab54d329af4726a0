using System.Numerics;
using System.Runtime.Intrinsics;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// RoIAlign on the processor. Features are laid out pixel by pixel, so that a tap is a run of channels. Backward gives each thread some
/// channels of an image and adds box by box, so that the bits do not depend on the number of threads.
/// </summary>
/// <param name="taps">The pixels and weights of each bin.</param>
/// <param name="shape">N, C, H, W.</param>
sealed unsafe class RoiAlignKernel<T>(RoiTaps<T> taps, long[] shape) where T : unmanaged, IFloatingPointIeee754<T>
{
    // Channels of a tap that are summed in registers.
    const int Registers = 4;

    // Pixels that a thread lays out at a time.
    const int Chunk = 512;

    readonly int images = (int)shape[0], channels = (int)shape[1], height = (int)shape[2], width = (int)shape[3];
    readonly int bins = taps.Bins.Height * taps.Bins.Width;

    static int Lanes => Vector256<T>.Count;

    static int Piece => Registers * Lanes;

    static ScalarType Type => typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64;

    int Padded => (channels + Piece - 1) / Piece * Piece;

    /// <summary>The means, [R, C, h, w].</summary>
    public Tensor Forward(Tensor features)
    {
        var result = Tensor.Empty([taps.Count, channels, taps.Bins.Height, taps.Bins.Width], Type);
        if (taps.Count == 0 || channels == 0)
            return result;
        var threads = Workers.For(taps.Work * Padded);
        var (packed, direct) = Pack(features, threads);
        var scratch = Tensor.Empty([threads, (long)bins * Padded], Type);
        var pixel = direct ? channels : Padded;
        T* source = (T*)packed.Data(), sums = (T*)scratch.Data(), output = (T*)result.Data();
        Workers.Run(threads, taps.Count, (thread, roi) =>
        {
            var own = sums + (nint)thread * bins * Padded;
            Means(source + (nint)taps.Image(roi) * height * width * pixel, pixel, roi, own);
            Transpose(own, Padded, output + (nint)roi * channels * bins, channels);
        });
        return result;
    }

    /// <summary>The gradient of the features, [N, C, H, W], from that of the means.</summary>
    public Tensor Backward(Tensor gradient)
    {
        var result = Tensor.Empty(shape, Type);
        if (result.Elements == 0)
            return result;
        var threads = Workers.For(taps.Work * Padded + result.Elements);
        var pieces = Padded / Piece;
        var plane = height * width;
        var work = Tensor.Empty([threads, (long)(plane + bins) * Piece], Type);
        var boxes = Enumerable.Range(0, taps.Count).ToLookup(taps.Image);
        int[][] of = [.. Enumerable.Range(0, images).Select(n => boxes[n].ToArray())];
        T* space = (T*)work.Data(), from = (T*)gradient.Data(), output = (T*)result.Data();
        Workers.Run(threads, images * pieces, (thread, k) =>
        {
            var (n, piece) = Math.DivRem(k, pieces);
            var count = Math.Min(Piece, channels - piece * Piece);
            var sums = space + (nint)thread * (plane + bins) * Piece;
            var flow = sums + (nint)plane * Piece;
            new Span<T>(sums, plane * Piece).Clear();
            foreach (var roi in of[n])
            {
                Gather(from + ((nint)roi * channels + piece * Piece) * bins, count, flow);
                Spread(flow, roi, sums);
            }
            new PixelMajor<T>(1, count, Piece).Scatter(sums, plane, output + ((nint)n * channels + piece * Piece) * plane, plane);
        });
        return result;
    }

    /// <summary>The features pixel by pixel; themselves where they lie so already.</summary>
    (Tensor Packed, bool Direct) Pack(Tensor features, int threads)
    {
        var strides = features.Strides;
        if (channels == Padded && strides[1] == 1 && strides[3] == channels && strides[2] == (long)width * channels
            && strides[0] == strides[2] * height)
            return (features, true);
        var packed = Tensor.Empty([images, height, width, Padded], Type);
        T* source = (T*)features.Data(), target = (T*)packed.Data();
        var layout = new PixelMajor<T>(1, channels, Padded);
        var (plane, chunks) = (height * width, (height * width + Chunk - 1) / Chunk);
        Workers.Run(threads, images * chunks, (_, k) =>
        {
            var (n, chunk) = Math.DivRem(k, chunks);
            var first = chunk * Chunk;
            layout.Gather(
                source, strides, width, n, first, Math.Min(Chunk, plane - first), target + ((nint)n * plane + first) * Padded);
        });
        return (packed, false);
    }

    /// <summary>The means of every bin of a box, channels side by side.</summary>
    void Means(T* image, int pixel, int roi, T* sums)
    {
        var (places, weights) = (taps.Places, taps.Weights);
        for (var i = 0; i < taps.Bins.Height; i++)
        {
            var rows = taps.Of(roi, i);
            for (var j = 0; j < taps.Bins.Width; j++)
            {
                var columns = taps.Of(roi, taps.Bins.Height + j);
                var to = sums + (nint)(i * taps.Bins.Width + j) * Padded;
                for (var c = 0; c < Padded; c += Piece)
                {
                    Vector256<T> s0 = default, s1 = default, s2 = default, s3 = default;
                    for (var y = rows.First; y < rows.End; y++)
                    {
                        var line = image + (nint)places[y] * width * pixel + c;
                        for (var x = columns.First; x < columns.End; x++)
                        {
                            var at = line + (nint)places[x] * pixel;
                            var weight = Vector256.Create(weights[y] * weights[x]);
                            s0 = Wide256<T>.MultiplyAdd(Vector256.Load(at), weight, s0);
                            s1 = Wide256<T>.MultiplyAdd(Vector256.Load(at + Lanes), weight, s1);
                            s2 = Wide256<T>.MultiplyAdd(Vector256.Load(at + 2 * Lanes), weight, s2);
                            s3 = Wide256<T>.MultiplyAdd(Vector256.Load(at + 3 * Lanes), weight, s3);
                        }
                    }
                    Vector256.Store(s0, to + c);
                    Vector256.Store(s1, to + c + Lanes);
                    Vector256.Store(s2, to + c + 2 * Lanes);
                    Vector256.Store(s3, to + c + 3 * Lanes);
                }
            }
        }
    }

    /// <summary>Adds a box's gradients, one piece of channels, to the pixels that its bins averaged.</summary>
    void Spread(T* flow, int roi, T* sums)
    {
        var (places, weights) = (taps.Places, taps.Weights);
        for (var i = 0; i < taps.Bins.Height; i++)
        {
            var rows = taps.Of(roi, i);
            for (var j = 0; j < taps.Bins.Width; j++)
            {
                var columns = taps.Of(roi, taps.Bins.Height + j);
                var from = flow + (nint)(i * taps.Bins.Width + j) * Piece;
                Vector256<T> f0 = Vector256.Load(from), f1 = Vector256.Load(from + Lanes), f2 = Vector256.Load(from + 2 * Lanes),
                    f3 = Vector256.Load(from + 3 * Lanes);
                for (var y = rows.First; y < rows.End; y++)
                    for (var x = columns.First; x < columns.End; x++)
                    {
                        var at = sums + ((nint)places[y] * width + places[x]) * Piece;
                        var weight = Vector256.Create(weights[y] * weights[x]);
                        Vector256.Store(Wide256<T>.MultiplyAdd(f0, weight, Vector256.Load(at)), at);
                        Vector256.Store(Wide256<T>.MultiplyAdd(f1, weight, Vector256.Load(at + Lanes)), at + Lanes);
                        Vector256.Store(Wide256<T>.MultiplyAdd(f2, weight, Vector256.Load(at + 2 * Lanes)), at + 2 * Lanes);
                        Vector256.Store(Wide256<T>.MultiplyAdd(f3, weight, Vector256.Load(at + 3 * Lanes)), at + 3 * Lanes);
                    }
            }
        }
    }

    /// <summary>A piece of a box's gradients, bins side by side, as channels side by side; zeros behind the last channel.</summary>
    void Gather(T* from, int count, T* to)
    {
        if (count < Piece)
            new Span<T>(to, bins * Piece).Clear();
        for (var c = 0; c < count; c++)
            for (var b = 0; b < bins; b++)
                to[(nint)b * Piece + c] = from[(nint)c * bins + b];
    }

    void Transpose(T* from, int stride, T* to, int count)
    {
        for (var c = 0; c < count; c++)
            for (var b = 0; b < bins; b++)
                to[(nint)c * bins + b] = from[(nint)b * stride + c];
    }
}
