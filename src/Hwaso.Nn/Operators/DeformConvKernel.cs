using System.Numerics;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Deformable convolution on the processor. Images are laid out pixel by pixel; tiles of output pixels are sampled into columns and multiplied by the
/// weights. Whatever is summed over pixels belongs to one thread and goes in the pixels' order: the bits do not depend on how many threads there are.
/// </summary>
sealed unsafe class DeformConvKernel<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    // Pixels of a column tile: long enough for the weights to be worth reading, short enough for the second cache.
    const int Tile = 64;

    // What backward keeps between its two halves: within the last cache.
    const long HeldBytes = 8 << 20;

    readonly DeformConvGeometry g;
    readonly DeformConvLayout<T> layout;
    readonly PixelMajor<T> ins, outs;
    readonly DeformConvSampler<T> sampler;
    readonly Tensor input;
    readonly int threads;

    /// <summary>Of tensors that stay alive as long as it is used; offset and mask contiguous.</summary>
    public DeformConvKernel(DeformConvGeometry geometry, Tensor input, Tensor offset, Tensor? mask)
    {
        (g, this.input) = (geometry, input);
        layout = new DeformConvLayout<T>(g);
        ins = new PixelMajor<T>(layout.Pieces, layout.Piece, layout.PiecePadded);
        outs = new PixelMajor<T>(g.Groups, g.OutChannels / g.Groups, layout.OutGroupChannels);
        sampler = new DeformConvSampler<T>(g, layout, (T*)offset.Data(), mask is null ? null : (T*)mask.Data());
        threads = Workers.For((long)g.Images * g.OutPixels * layout.Column * (layout.OutGroupChannels + 8));
    }

    static int TilesOf(int pixels) => (pixels + Tile - 1) / Tile;

    /// <summary>The result, [N, Cout, H', W'].</summary>
    public Tensor Forward(Tensor weight, Tensor? bias)
    {
        var result = New(g.Images, g.OutChannels, g.OutHeight, g.OutWidth);
        var images = PackInput();
        var packed = PackWeights(weight, transposed: false);
        var work = New(threads, Tile * (layout.Column + layout.OutChannels));
        var tapWork = NewTaps(threads);
        T* image = (T*)images.Data(), w = (T*)packed.Data(), columns = (T*)work.Data(), added = bias is null ? null : (T*)bias.Data(), output = (T*)result.Data();
        var taps = (DeformConvTap<T>*)tapWork.Data();
        var tiles = TilesOf(g.OutPixels);
        Workers.Run(threads, g.Images * tiles, (thread, k) =>
        {
            var (n, tile) = Math.DivRem(k, tiles);
            var (first, count) = (tile * Tile, Math.Min(Tile, g.OutPixels - tile * Tile));
            var column = columns + (nint)thread * Tile * (layout.Column + layout.OutChannels);
            var sums = column + (nint)Tile * layout.Column;
            for (var q = 0; q < count; q++)
            {
                sampler.Locate(n, first + q, taps + thread * sampler.Points);
                sampler.Sample(image + n * ImageSize, taps + thread * sampler.Points, column + (nint)q * layout.Column);
            }
            // The rows behind the last pixel hold whatever they held; their sums are not looked at.
            for (var group = 0; group < g.Groups; group++)
                TileProduct<T>.Run(column + group * layout.GroupColumn, layout.Column, 1, w + (nint)group * layout.GroupColumn * layout.OutGroupChannels, 0,
                    sums + group * layout.OutGroupChannels, layout.OutChannels, Rows(count), layout.OutGroupChannels, layout.GroupColumn, add: false);
            var to = output + (nint)n * g.OutChannels * g.OutPixels + first;
            outs.Scatter(sums, count, to, g.OutPixels);
            for (var o = 0; added != null && o < g.OutChannels; o++)
                for (var q = 0; q < count; q++)
                    to[(nint)o * g.OutPixels + q] += added[o];
        });
        return result;
    }

    /// <summary>The gradients of input, offset, weight, mask and bias from that of the result; null where none is wanted.</summary>
    public DeformConvGradients Backward(Tensor weight, Tensor gradient, DeformConvWants wants)
    {
        var gradients = new DeformConvGradients(
            wants.Input ? New(g.Images, g.Channels, g.Height, g.Width) : null,
            wants.Offset ? New(g.Images, 2 * sampler.Points, g.OutHeight, g.OutWidth) : null,
            wants.Weight ? New(g.OutChannels, g.Channels / g.Groups, g.KernelHeight, g.KernelWidth) : null,
            wants.Mask ? New(g.Images, sampler.Points, g.OutHeight, g.OutWidth) : null,
            wants.Bias ? New(g.OutChannels) : null);
        var held = (int)Math.Clamp(HeldBytes / (sizeof(T) * (2L * layout.Column + layout.OutChannels)), Tile, TilesOf(Math.Max(g.OutPixels, 1)) * Tile) / Tile * Tile;
        var images = PackInput();
        var packed = PackWeights(weight, transposed: true);
        var (imageSums, weightSums, biasSums) = (New(ImageSize), Aten.Zeros([layout.GroupColumn, layout.OutChannels], Type), Aten.Zeros([layout.OutChannels], Type));
        var (outFlow, columnFlow, columns, slopes, tapWork) = (New(held, layout.OutChannels), New(held, layout.Column), New(held, layout.Column), New(threads, 3 * sampler.Points), NewTaps(held));
        var pass = new DeformConvBackward<T>
        {
            Geometry = g,
            Layout = layout,
            Sampler = sampler,
            Outs = outs,
            Image = (T*)images.Data(),
            Weight = (T*)packed.Data(),
            Gradient = (T*)gradient.Data(),
            GradientStrides = gradient.Strides,
            OutFlow = (T*)outFlow.Data(),
            ColumnFlow = (T*)columnFlow.Data(),
            Columns = wants.Weight ? (T*)columns.Data() : null,
            Slopes = (T*)slopes.Data(),
            Taps = (DeformConvTap<T>*)tapWork.Data(),
            OffsetGradient = wants.Offset ? (T*)gradients.Offset!.Data() : null,
            MaskGradient = wants.Mask ? (T*)gradients.Mask!.Data() : null,
            ImageSums = wants.Input ? (T*)imageSums.Data() : null,
            WeightSums = wants.Weight ? (T*)weightSums.Data() : null,
            BiasSums = wants.Bias ? (T*)biasSums.Data() : null,
            Threads = threads,
        };
        for (var n = 0; n < g.Images; n++)
        {
            if (wants.Input)
                Aten.Zero_(imageSums);
            for (var first = 0; first < g.OutPixels; first += held)
            {
                var (image, from, count) = (n, first, Math.Min(held, g.OutPixels - first));
                Workers.Run(threads, TilesOf(count), (thread, tile) => pass.Flow(thread, image, from, tile * Tile, Math.Min(Tile, count - tile * Tile)));
                Workers.Run(threads, pass.SumPieces, (_, piece) => pass.Sum(piece, count));
            }
            if (wants.Input)
                UnpackInput((T*)imageSums.Data(), (T*)gradients.Input!.Data() + (nint)n * g.Channels * g.InPixels);
        }
        if (wants.Weight)
            UnpackWeights((T*)weightSums.Data(), gradients.Weight!);
        if (wants.Bias)
            outs.Scatter((T*)biasSums.Data(), 1, (T*)gradients.Bias!.Data(), 1);
        return gradients;
    }

    nint ImageSize => (nint)(g.InPixels + 1) * layout.Channels;

    static ScalarType Type => Tensor.TypeOf<T>();

    static int Rows(int pixels) => (pixels + TileProduct<T>.Rows - 1) / TileProduct<T>.Rows * TileProduct<T>.Rows;

    static Tensor New(params long[] shape) => Tensor.Empty(shape, Type);

    Tensor NewTaps(int pixels) => Tensor.Empty([(long)pixels * sampler.Points * sizeof(DeformConvTap<T>)], ScalarType.UInt8);

    /// <summary>Every image pixel by pixel, with a pixel of zeros behind it.</summary>
    Tensor PackInput()
    {
        var images = New(g.Images, ImageSize);
        T* to = (T*)images.Data(), from = (T*)input.Data();
        var strides = input.Strides;
        var blocks = TilesOf(g.InPixels);
        Workers.Run(threads, g.Images * blocks, (_, k) =>
        {
            var (n, block) = Math.DivRem(k, blocks);
            var first = block * Tile;
            ins.Gather(from, strides, g.Width, n, first, Math.Min(Tile, g.InPixels - first), to + n * ImageSize + (nint)first * layout.Channels);
        });
        for (var n = 0; n < g.Images; n++)
            new Span<T>(to + n * ImageSize + (nint)g.InPixels * layout.Channels, layout.Channels).Clear();
        return images;
    }

    void UnpackInput(T* from, T* to)
    {
        Workers.Run(threads, TilesOf(g.InPixels), (_, block) =>
        {
            var first = block * Tile;
            ins.Scatter(from + (nint)first * layout.Channels, Math.Min(Tile, g.InPixels - first), to + first, g.InPixels);
        });
    }

    /// <summary>The weights in the panels that products read: column by output for forward, output by column (<paramref name="transposed"/>) for backward.</summary>
    Tensor PackWeights(Tensor weight, bool transposed)
    {
        int columns = layout.GroupColumn, outputs = layout.OutGroupChannels, panel = TileProduct<T>.Panel;
        var packed = Aten.Zeros([g.Groups, columns, outputs], Type);
        T* to = (T*)packed.Data(), from = (T*)weight.Data();
        var (width, depth) = transposed ? (columns, outputs) : (outputs, columns);
        // Where an element of the product's right side lies: panel by panel, each depth × its width.
        nint StartOf(int n) => n / panel * (nint)panel * depth + n % panel;
        int StepOf(int n) => Math.Min(panel, width - n / panel * panel);
        var places = Places();
        var starts = places.Select(p => transposed ? StartOf(p) : 0).ToArray();
        var steps = places.Select(p => transposed ? StepOf(p) : 0).ToArray();
        Workers.Run(threads, g.OutChannels, (_, o) =>
        {
            var (group, output) = Math.DivRem(o, g.OutChannels / g.Groups);
            var target = to + (nint)group * columns * outputs;
            var source = from + (nint)o * places.Length;
            if (transposed)
            {
                for (var k = 0; k < places.Length; k++)
                    target[starts[k] + (nint)output * steps[k]] = source[k];
                return;
            }
            target += StartOf(output);
            nint step = StepOf(output);
            for (var k = 0; k < places.Length; k++)
                target[places[k] * step] = source[k];
        });
        return packed;
    }

    void UnpackWeights(T* sums, Tensor gradient)
    {
        var to = (T*)gradient.Data();
        var places = Places();
        Workers.Run(threads, g.OutChannels, (_, o) =>
        {
            var (group, output) = Math.DivRem(o, g.OutChannels / g.Groups);
            for (var k = 0; k < places.Length; k++)
                to[(nint)o * places.Length + k] = sums[(nint)places[k] * layout.OutChannels + group * layout.OutGroupChannels + output];
        });
    }

    /// <summary>For every weight of an output channel, in the tensor's order, its place in the group's column.</summary>
    int[] Places() => Enumerable.Range(0, g.Channels / g.Groups * g.Taps)
        .Select(k => (Channel: k / g.Taps, Tap: k % g.Taps))
        .Select(k => k.Tap * layout.GroupChannels + k.Channel / layout.Piece * layout.PiecePadded + k.Channel % layout.Piece).ToArray();
}
