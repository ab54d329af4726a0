using System.Runtime.Intrinsics;
using Hwaso.Common;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>The three passes of a convolution of <see cref="SameConvShape"/> on the processor, for one width of vectors.</summary>
/// <remarks>Every sum has its own order, whatever the number of threads.</remarks>
abstract unsafe class ConvPasses
{
    /// <summary>
    /// Numbers of a padded copy of planes; 0 where planes as they are will do. <see cref="WeightGradient"/> wants planes apart.
    /// </summary>
    public abstract long PaddedNumbers(in SameConvShape shape, int planes, bool apart);

    /// <summary>Copies planes with zeros around them, or gives them as they are.</summary>
    public abstract float* Pad(in SameConvShape shape, float* planes, int count, bool apart, float* to);

    /// <summary>Output channels, padded, times input channels and taps.</summary>
    public abstract long PackedNumbers(in SameConvShape shape);

    /// <summary>
    /// Orders weights [Cout, Cin, K, K] as <see cref="Forward"/> reads them; or those of the way back, exchanged and turned.
    /// </summary>
    public abstract void Pack(in SameConvShape shape, float* weights, bool back, float* to);

    /// <summary>[N, Cout, H, W] from padded inputs and packed weights.</summary>
    public abstract void Forward(in SameConvShape shape, float* padded, float* packed, float* bias, bool apart, float* output);

    /// <summary>[Cout, Cin, K, K] from padded inputs and padded gradients of the output, both with planes apart.</summary>
    public abstract void WeightGradient(in SameConvShape shape, float* input, float* gradient, float* output);

    /// <summary>For the widest vectors that rows of so many pixels fill.</summary>
    public static ConvPasses For(int rowPixels) =>
        Vector512.IsHardwareAccelerated && rowPixels >= Vector512<float>.Count ? ConvPasses<Lanes512, Vector512<float>>.Instance
        : Vector256.IsHardwareAccelerated && rowPixels >= Vector256<float>.Count ? ConvPasses<Lanes256, Vector256<float>>.Instance
        : Vector128.IsHardwareAccelerated ? ConvPasses<Lanes128, Vector128<float>>.Instance
        : ConvPasses<Lanes1, float>.Instance;
}

/// <inheritdoc/>
sealed unsafe class ConvPasses<TLanes, TVector> : ConvPasses
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Block = ConvProducts<TLanes, TVector>.OutputChannels, Rows = ConvProducts<TLanes, TVector>.WeightRows,
        Columns = ConvProducts<TLanes, TVector>.WeightColumns, Sums = ConvProducts<TLanes, TVector>.Sums;

    // Vectors of a strip of pixels: its gradients, of 4 channels, stay in the first cache.
    const int StripVectors = 64, LongStrip = 32;

    // Terms that are summed one by one.
    const int MostTerms = 144;

    public static ConvPasses Instance { get; } = new ConvPasses<TLanes, TVector>();

    static int Blocks(int channels, int size) => (channels + size - 1) / size;

    public override long PaddedNumbers(in SameConvShape shape, int planes, bool apart)
    {
        var layout = new PaddedLayout(shape, TLanes.Count, apart);
        return layout.IsPlain ? 0 : planes * layout.Plane;
    }

    public override float* Pad(in SameConvShape shape, float* planes, int count, bool apart, float* to)
    {
        var layout = new PaddedLayout(shape, TLanes.Count, apart);
        if (layout.IsPlain)
            return planes;
        var pixels = shape.Pixels;
        Workers.Run(Workers.For((long)count * pixels * 8), count, (_, k) => layout.Copy(planes + (nint)k * pixels, to + k * layout.Plane));
        return to;
    }

    public override long PackedNumbers(in SameConvShape shape) => (long)Blocks(shape.Cout, Block) * Block * shape.Cin * shape.Taps;

    public override void Pack(in SameConvShape shape, float* weights, bool back, float* to)
    {
        var (cin, cout, taps) = (shape.Cin, shape.Cout, shape.Taps);
        // From one of the packed output channels to the next, and from one of the input channels.
        nint outer = back ? taps : (nint)cin * taps, inner = back ? (nint)cout * taps : taps;
        Workers.Run(Workers.For((long)cin * cout * taps * 4), Blocks(cout, Block), (_, b) =>
        {
            var target = to + (nint)b * cin * taps * Block;
            for (var o = 0; o < Block; o++)
            {
                var channel = b * Block + o;
                var line = target + o;
                for (var i = 0; i < cin; i++)
                {
                    var from = weights + channel * outer + i * inner;
                    for (var t = 0; t < taps; t++, line += Block)
                        *line = channel >= cout ? 0 : from[back ? taps - 1 - t : t];
                }
            }
        });
    }

    public override void Forward(in SameConvShape shape, float* padded, float* packed, float* bias, bool apart, float* output)
    {
        var s = shape;
        var layout = new PaddedLayout(shape, TLanes.Count, apart);
        var vectors = s.Height * layout.RowVectors;
        var strip = Math.Min(StripVectors, (vectors + 1) / 2 * 2);
        var strips = (vectors + strip - 1) / strip;
        var threads = Workers.For(s.MultiplyAdds);
        using var scope = new Scope();
        // Planes of one tap lie whole powers of two apart, where a cache keeps few of them: they are copied together first.
        var panelNumbers = s.Taps == 1 ? s.Cin * 2L * TLanes.Count : 0;
        var work = Tensor.Empty([threads * panelNumbers + 1], ScalarType.Float32);
        var panels = panelNumbers == 0 ? null : (float*)work.Data();
        Workers.Run(threads, s.Images * strips, (thread, k) =>
        {
            var (n, part) = Math.DivRem(k, strips);
            var (begin, end) = (part * strip, Math.Min(vectors, (part + 1) * strip));
            var image = padded + n * s.Cin * layout.Plane;
            var to = output + (nint)n * s.Cout * s.Pixels;
            if (s.Taps == 1)
                ForwardByPixels(s, layout, image, panels + thread * panelNumbers, packed, bias, to, begin, end);
            else
                ForwardByChannels(s, layout, image, packed, bias, to, begin, end);
        });
    }

    // Few weights stay in the first cache while a strip of pixels passes.
    static void ForwardByChannels(
        in SameConvShape s, in PaddedLayout layout, float* image, float* packed, float* bias, float* output, int begin, int end)
    {
        var places = stackalloc nint[9];
        for (var t = 0; t < s.Taps; t++)
            places[t] = (nint)(t / s.Kernel) * s.Dilation * layout.Row + t % s.Kernel * s.Dilation;
        var sums = stackalloc TVector[Sums];
        for (var b = 0; b < Blocks(s.Cout, Block); b++)
        {
            var weights = packed + (nint)b * s.Cin * s.Taps * Block;
            var channels = Math.Min(Block, s.Cout - b * Block);
            var shift = bias == null ? null : bias + b * Block;
            for (var v = begin; v < end; v += 2)
            {
                var (y, x) = Math.DivRem(v, layout.RowVectors);
                var (y2, x2) = Math.DivRem(Math.Min(v + 1, end - 1), layout.RowVectors);
                Outputs(image + (nint)y * layout.Row + x * TLanes.Count, image + (nint)y2 * layout.Row + x2 * TLanes.Count, layout.Plane,
                    places, s.Taps, weights, s.Cin, sums);
                var to = output + (nint)b * Block * s.Pixels;
                Write(s, sums, channels, shift, to, y, x);
                if (v + 1 < end)
                    Write(s, sums + 1, channels, shift, to, y2, x2);
            }
        }
    }

    // All channels of two vectors of pixels stay in the first cache while the weights pass.
    static void ForwardByPixels(
        in SameConvShape s, in PaddedLayout layout, float* image, float* panel, float* packed, float* bias, float* output, int begin,
        int end)
    {
        var place = (nint)0;
        var sums = stackalloc TVector[Sums];
        for (var v = begin; v < end; v += 2)
        {
            nint first = v * TLanes.Count, second = Math.Min(v + 1, end - 1) * TLanes.Count;
            var line = panel;
            for (var c = 0; c < s.Cin; c++, line += 2 * TLanes.Count)
            {
                TLanes.Store(TLanes.Load(image + c * layout.Plane + first), line);
                TLanes.Store(TLanes.Load(image + c * layout.Plane + second), line + TLanes.Count);
            }
            for (var b = 0; b < Blocks(s.Cout, Block); b++)
            {
                Outputs(panel, panel + TLanes.Count, 2 * TLanes.Count, &place, 1, packed + (nint)b * s.Cin * Block, s.Cin, sums);
                var channels = Math.Min(Block, s.Cout - b * Block);
                var shift = bias == null ? null : bias + b * Block;
                var to = output + (nint)b * Block * s.Pixels;
                Write(s, sums, channels, shift, to, 0, v);
                if (v + 1 < end)
                    Write(s, sums + 1, channels, shift, to, 0, v + 1);
            }
        }
    }

    static void Outputs(
        float* first, float* second, nint plane, nint* places, int taps, float* weights, int channels, TVector* sums)
    {
        new Span<byte>(sums, Sums * sizeof(TVector)).Clear();
        var part = Math.Max(1, MostTerms / taps);
        for (var c = 0; c < channels; c += part)
            ConvProducts<TLanes, TVector>.Outputs(first + c * plane, second + c * plane, plane, places, taps,
                weights + (nint)c * taps * Block, Math.Min(part, channels - c), sums);
    }

    static void Write(in SameConvShape s, TVector* sums, int channels, float* bias, float* output, int row, int vector)
    {
        var column = vector * TLanes.Count;
        var to = output + (nint)row * s.Width + column;
        var count = s.Width - column;
        var part = stackalloc float[16];
        for (var c = 0; c < channels; c++, sums += 2, to += s.Pixels)
        {
            var sum = bias == null ? *sums : TLanes.Add(*sums, TLanes.All(bias[c]));
            if (count >= TLanes.Count)
            {
                TLanes.Store(sum, to);
                continue;
            }
            TLanes.Store(sum, part);
            new ReadOnlySpan<float>(part, count).CopyTo(new Span<float>(to, count));
        }
    }

    public override void WeightGradient(in SameConvShape shape, float* input, float* gradient, float* output)
    {
        var s = shape;
        var layout = new PaddedLayout(shape, TLanes.Count, apart: true);
        // Three taps of a row of the kernel and one input channel, or three input channels.
        var columns = s.Kernel == 3 ? s.Cin * 3 : Blocks(s.Cin, Columns);
        var blocks = Blocks(s.Cout, Rows);
        var threads = Workers.For(s.MultiplyAdds);
        var parts = Math.Clamp(Blocks(3 * threads, blocks), 1, columns);
        var inPart = Blocks(columns, parts);
        var stripRows = s.Height == 1 ? 1 : Math.Clamp(StripVectors / layout.RowVectors, 1, s.Height);
        // A 1×1 convolution's pixels are one row, which is cut so that strips of many channels stay in the second cache.
        var stripVectors = s.Height == 1 ? Math.Min(LongStrip, layout.RowVectors) : layout.RowVectors;
        var (downs, acrosses) = (Blocks(s.Height, stripRows), Blocks(layout.RowVectors, stripVectors));
        using var scope = new Scope();
        var threadNumbers = (long)inPart * Sums * TLanes.Count;
        var work = Tensor.Empty([Math.Max(threads, 1) * threadNumbers], ScalarType.Float32);
        var all = (float*)work.Data();
        Workers.Run(threads, blocks * parts, (thread, k) =>
        {
            var (b, part) = Math.DivRem(k, parts);
            var (begin, end) = (part * inPart, Math.Min(columns, (part + 1) * inPart));
            if (begin >= end)
                return;
            var sums = (TVector*)(all + thread * threadNumbers);
            new Span<byte>(sums, (end - begin) * Sums * sizeof(TVector)).Clear();
            var last = s.Cout - b * Rows - 1;
            for (var n = 0; n < s.Images; n++)
            {
                var g = gradient + ((nint)n * s.Cout + b * Rows) * layout.Plane + layout.First;
                var image = input + (nint)n * s.Cin * layout.Plane;
                for (var down = 0; down < downs; down++)
                    for (var across = 0; across < acrosses; across++)
                    {
                        var (y, x) = (down * stripRows, across * stripVectors);
                        var (rows, vectors) = (Math.Min(stripRows, s.Height - y), Math.Min(stripVectors, layout.RowVectors - x));
                        var place = (nint)y * layout.Row + x * TLanes.Count;
                        for (var c = begin; c < end; c++)
                        {
                            nint from, middle, third;
                            if (s.Kernel == 3)
                                (from, middle, third) = (c / 3 * layout.Plane + c % 3 * (nint)s.Dilation * layout.Row, s.Dilation,
                                    2 * s.Dilation);
                            else
                                (from, middle, third) = (c * Columns * layout.Plane, Math.Min(1, s.Cin - 1 - c * Columns) * layout.Plane,
                                    Math.Min(2, s.Cin - 1 - c * Columns) * layout.Plane);
                            ConvProducts<TLanes, TVector>.Weights(
                                g + place, Math.Min(1, last) * layout.Plane, Math.Min(2, last) * layout.Plane,
                                Math.Min(3, last) * layout.Plane, image + from + place, middle, third, layout.Row, rows, vectors,
                                sums + (c - begin) * Sums);
                        }
                    }
            }
            for (var c = begin; c < end; c++, sums += Sums)
                for (var r = 0; r < Math.Min(Rows, last + 1); r++)
                    for (var t = 0; t < Columns; t++)
                    {
                        // Both kinds of column follow each other in memory: three taps, or three channels of one tap.
                        var at = c * Columns + t;
                        if (at < s.Cin * s.Taps)
                            output[(nint)(b * Rows + r) * s.Cin * s.Taps + at] = TLanes.Sum(sums[r * Columns + t]);
                    }
        });
    }
}
