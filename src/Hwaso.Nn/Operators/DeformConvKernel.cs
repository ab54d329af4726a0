using System.Numerics;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>The passes of a deformable convolution on the processor, whatever its numbers and vectors.</summary>
interface IDeformConvKernel
{
    /// <summary>The result, [N, Cout, H', W'].</summary>
    Tensor Forward(Tensor weight, Tensor? bias);

    /// <summary>The gradients of input, offset, weight, mask and bias from that of the result; null where none is wanted.</summary>
    DeformConvGradients Backward(Tensor weight, Tensor gradient, DeformConvWants wants);
}

/// <summary>
/// Deformable convolution on the processor. Images are laid out pixel by pixel; tiles of output pixels are sampled into columns and
/// multiplied by the weights. One thread owns each sum over pixels and adds in the pixels' order, so that the bits do not depend on the
/// number of threads.
/// </summary>
sealed unsafe class DeformConvKernel<T, TVector, TWide> : IDeformConvKernel
    where T : unmanaged, IFloatingPointIeee754<T>
    where TVector : unmanaged
    where TWide : struct, IWide<T, TVector>
{
    // Pixels of a column tile: long enough for the weights to be worth reading, short enough for the second cache.
    const int Tile = 64;

    // Numbers of a cache line, in single precision.
    const int Line = 16;

    // The memory of what backward keeps between its two halves: within the last cache.
    const long HeldBytes = 8 << 20;

    readonly DeformConvGeometry g;
    readonly DeformConvLayout layout;
    readonly PixelMajor<T> ins, outs;
    readonly DeformConvSampler<T, TVector, TWide> sampler;
    readonly Tensor input;
    readonly int threads;

    /// <summary>Of tensors that stay alive as long as it is used; offset and mask contiguous.</summary>
    public DeformConvKernel(DeformConvGeometry geometry, Tensor input, Tensor offset, Tensor? mask)
    {
        (g, this.input) = (geometry, input);
        layout = new DeformConvLayout(g, TWide.Count);
        ins = new PixelMajor<T>(layout.Pieces, layout.Piece, layout.PiecePadded);
        outs = new PixelMajor<T>(g.Groups, g.OutChannels / g.Groups, layout.OutGroupChannels);
        sampler = new DeformConvSampler<T, TVector, TWide>(g, layout, (T*)offset.Data(), mask is null ? null : (T*)mask.Data());
        threads = Workers.For((long)g.Images * g.OutPixels * layout.Column * (layout.OutGroupChannels + 8));
    }

    static int TilesOf(int pixels) => (pixels + Tile - 1) / Tile;

    /// <inheritdoc/>
    public Tensor Forward(Tensor weight, Tensor? bias)
    {
        var result = New(g.Images, g.OutChannels, g.OutHeight, g.OutWidth);
        var images = PackInput();
        var packed = PackWeights(weight, transposed: false);
        var work = New(threads, Tile * (layout.Column + layout.OutChannels));
        var tapWork = NewTaps(threads);
        T* image = (T*)images.Data(), w = (T*)packed.Data(), columns = (T*)work.Data(), output = (T*)result.Data();
        var added = bias is null ? null : (T*)bias.Data();
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
            // The rows behind the last pixel hold old numbers; their sums are not used.
            for (var group = 0; group < g.Groups; group++)
                TileProduct<T, TVector, TWide>.Run(column + group * layout.GroupColumn, layout.Column, 1,
                    w + (nint)group * layout.GroupColumn * layout.OutGroupChannels, 0,
                    sums + group * layout.OutGroupChannels, layout.OutChannels, TileProduct<T, TVector, TWide>.Whole(count),
                    layout.OutGroupChannels, layout.GroupColumn, add: false);
            var to = output + (nint)n * g.OutChannels * g.OutPixels + first;
            outs.Scatter(sums, count, to, g.OutPixels);
            for (var o = 0; added != null && o < g.OutChannels; o++)
                for (var q = 0; q < count; q++)
                    to[(nint)o * g.OutPixels + q] += added[o];
        });
        return result;
    }

    /// <inheritdoc/>
    public DeformConvGradients Backward(Tensor weight, Tensor gradient, DeformConvWants wants)
    {
        var gradients = new DeformConvGradients(
            wants.Input ? New(g.Images, g.Channels, g.Height, g.Width) : null,
            wants.Offset ? New(g.Images, 2 * sampler.Points, g.OutHeight, g.OutWidth) : null,
            wants.Weight ? New(g.OutChannels, g.Channels / g.Groups, g.KernelHeight, g.KernelWidth) : null,
            wants.Mask ? New(g.Images, sampler.Points, g.OutHeight, g.OutWidth) : null,
            wants.Bias ? New(g.OutChannels) : null);
        var fitting = HeldBytes / (sizeof(T) * (2L * layout.Column + layout.OutChannels));
        var held = (int)Math.Clamp(fitting, Tile, TilesOf(Math.Max(g.OutPixels, 1)) * Tile) / Tile * Tile;
        var images = PackInput();
        var packed = PackWeights(weight, transposed: true);
        var (imageSums, weightSums, biasSums) =
            (New(ImageSize), Zeros(layout.GroupColumn, layout.OutChannels), Zeros(layout.OutChannels));
        var (outFlow, columnFlow, columns, slopes, tapWork) =
            (New(held, layout.OutChannels), New(held, layout.Column), New(held, layout.Column),
                New(threads, 3 * sampler.Points), NewTaps(held));
        var pass = new DeformConvBackward<T, TVector, TWide>
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
                Clear(imageSums);
            for (var first = 0; first < g.OutPixels; first += held)
            {
                var (image, from, count) = (n, first, Math.Min(held, g.OutPixels - first));
                Workers.Run(threads, TilesOf(count), (thread, tile) =>
                    pass.Flow(thread, image, from, tile * Tile, Math.Min(Tile, count - tile * Tile)));
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

    static Tensor New(params long[] shape) => Tensor.Empty(shape, Type);

    Tensor Zeros(params long[] shape)
    {
        var tensor = New(shape);
        Clear(tensor);
        return tensor;
    }

    // libtorch's threads, which sleep, would take longer to wake than to clear.
    void Clear(Tensor tensor)
    {
        const int Piece = 1 << 14;
        var numbers = tensor.Elements;
        var to = (T*)tensor.Data();
        Workers.Run(threads, (int)((numbers + Piece - 1) / Piece), (_, k) =>
            new Span<T>(to + (nint)k * Piece, (int)Math.Min(Piece, numbers - (long)k * Piece)).Clear());
    }

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
            ins.Gather(from, strides, g.Width, n, first, Math.Min(Tile, g.InPixels - first),
                to + n * ImageSize + (nint)first * layout.Channels);
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

    /// <summary>
    /// The weights in the panels that products read: column by output for forward, output by column (<paramref name="transposed"/>) for
    /// backward.
    /// </summary>
    Tensor PackWeights(Tensor weight, bool transposed)
    {
        int columns = layout.GroupColumn, outputs = layout.OutGroupChannels, panel = TileProduct<T, TVector, TWide>.Panel;
        var packed = Zeros(g.Groups, columns, outputs);
        T* to = (T*)packed.Data(), from = (T*)weight.Data();
        var (width, depth) = transposed ? (columns, outputs) : (outputs, columns);
        // Where an element of the product's right side lies: panel by panel, each depth × its width.
        nint StartOf(int n) => n / panel * (nint)panel * depth + n % panel;
        int StepOf(int n) => Math.Min(panel, width - n / panel * panel);
        var places = Places();
        var starts = places.Select(p => transposed ? StartOf(p) : 0).ToArray();
        var steps = places.Select(p => transposed ? StepOf(p) : 0).ToArray();
        EachWeight((group, output, source, first, last) =>
        {
            var target = to + (nint)group * columns * outputs;
            if (transposed)
            {
                for (var k = first; k < last; k++)
                    target[starts[k] + (nint)output * steps[k]] = from[source + k];
                return;
            }
            target += StartOf(output);
            nint step = StepOf(output);
            for (var k = first; k < last; k++)
                target[places[k] * step] = from[source + k];
        });
        return packed;
    }

    void UnpackWeights(T* sums, Tensor gradient)
    {
        var to = (T*)gradient.Data();
        var places = Places();
        EachWeight((group, output, source, first, last) =>
        {
            for (var k = first; k < last; k++)
                to[source + k] = sums[(nint)places[k] * layout.OutChannels + group * layout.OutGroupChannels + output];
        });
    }

    /// <summary>
    /// Goes over all weights in pieces whose places, in either layout, lie in few cache lines. A piece is of one output channel; it gets
    /// the group, the channel in the group, the channel's first weight in the tensor, and from where to where it goes from there.
    /// </summary>
    void EachWeight(Action<int, int, nint, int, int> piece)
    {
        var (outputs, weights, chunk) = (g.OutChannels / g.Groups, g.Channels / g.Groups * g.Taps, Line * g.Taps);
        var blocks = (outputs + Line - 1) / Line;
        Workers.Run(threads, g.Groups * blocks, (_, k) =>
        {
            var (group, block) = Math.DivRem(k, blocks);
            for (var first = 0; first < weights; first += chunk)
                for (var output = block * Line; output < Math.Min(outputs, (block + 1) * Line); output++)
                    piece(group, output, (nint)(group * outputs + output) * weights, first, Math.Min(first + chunk, weights));
        });
    }

    /// <summary>For every weight of an output channel, in the tensor's order, its place in the group's column.</summary>
    int[] Places() => Enumerable.Range(0, g.Channels / g.Groups * g.Taps)
        .Select(k => (Channel: k / g.Taps, Tap: k % g.Taps))
        .Select(k => k.Tap * layout.GroupChannels + k.Channel / layout.Piece * layout.PiecePadded + k.Channel % layout.Piece).ToArray();
}

/// <summary>
/// One pass of backward over some output pixels, in two halves: gradients of each pixel, tile by tile, then sums over pixels. In the second
/// half every row of the image and every row of the weights has one owner, which adds the pixels in order.
/// </summary>
sealed unsafe class DeformConvBackward<T, TVector, TWide>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TVector : unmanaged
    where TWide : struct, IWide<T, TVector>
{
    // Weight rows of one piece of work, and pixels whose columns stay in the second cache while the rows go over them.
    const int WeightRows = 64, Pixels = 128;

    readonly short[] owners = [];
    readonly int threads;

    public required DeformConvGeometry Geometry { get; init; }

    public required DeformConvLayout Layout { get; init; }

    public required DeformConvSampler<T, TVector, TWide> Sampler { get; init; }

    /// <summary>The output's pixels.</summary>
    public required PixelMajor<T> Outs { get; init; }

    /// <summary>Images, weights for the way back, and the result's gradient with its strides.</summary>
    public required T* Image { get; init; }

    public required T* Weight { get; init; }

    public required T* Gradient { get; init; }

    public required long[] GradientStrides { get; init; }

    /// <summary>Held between the halves: the result's gradient, the columns' gradient, the columns, where every point falls.</summary>
    public required T* OutFlow { get; init; }

    public required T* ColumnFlow { get; init; }

    public required T* Columns { get; init; }

    public required DeformConvTap<T>* Taps { get; init; }

    /// <summary>Three numbers a point, for each thread.</summary>
    public required T* Slopes { get; init; }

    /// <summary>The results; null where not wanted.</summary>
    public required T* OffsetGradient { get; init; }

    public required T* MaskGradient { get; init; }

    public required T* ImageSums { get; init; }

    public required T* WeightSums { get; init; }

    public required T* BiasSums { get; init; }

    /// <summary>How many owners the image's rows have.</summary>
    public required int Threads
    {
        get => threads;
        init
        {
            threads = value;
            owners = new short[Geometry.Height - DeformConvTap<T>.Nowhere + 1];
            for (var k = 0; k < owners.Length; k++)
                owners[k] = k + DeformConvTap<T>.Nowhere is var row && row >= 0 && row < Geometry.Height ? (short)(row % value) : (short)-1;
        }
    }

    /// <summary>How many pieces of work the second half is.</summary>
    public int SumPieces => ImagePieces + WeightPieces + (BiasSums == null ? 0 : 1);

    int ImagePieces => ImageSums == null ? 0 : Threads;

    int BlocksPerGroup => (Layout.GroupColumn + WeightRows - 1) / WeightRows;

    int WeightPieces => WeightSums == null ? 0 : Geometry.Groups * BlocksPerGroup;

    /// <summary>The first half, for a tile: its gradients to columns, and the gradients of its offsets and modulation.</summary>
    /// <param name="thread">Whose room is used.</param>
    /// <param name="n">The image.</param>
    /// <param name="first">The first pixel that is kept.</param>
    /// <param name="tile">The tile's first pixel, counted from there.</param>
    /// <param name="count">Its pixels.</param>
    public void Flow(int thread, int n, int first, int tile, int count)
    {
        var flow = OutFlow + (nint)tile * Layout.OutChannels;
        Outs.Gather(Gradient, GradientStrides, Geometry.OutWidth, n, first + tile, count, flow);
        var rows = TileProduct<T, TVector, TWide>.Whole(count);
        var columnFlow = ColumnFlow + (nint)tile * Layout.Column;
        for (var group = 0; group < Geometry.Groups; group++)
            TileProduct<T, TVector, TWide>.Run(flow + group * Layout.OutGroupChannels, Layout.OutChannels, 1,
                Weight + (nint)group * Layout.GroupColumn * Layout.OutGroupChannels, 0,
                columnFlow + group * Layout.GroupColumn, Layout.Column, rows, Layout.GroupColumn, Layout.OutGroupChannels, add: false);
        var image = Image + n * (nint)(Geometry.InPixels + 1) * Layout.Channels;
        var slopes = Slopes + (nint)thread * 3 * Sampler.Points;
        for (var q = tile; q < tile + count; q++)
        {
            var taps = Taps + (nint)q * Sampler.Points;
            Sampler.Locate(n, first + q, taps);
            Sampler.SampleBack(image, taps, ColumnFlow + (nint)q * Layout.Column,
                Columns == null ? null : Columns + (nint)q * Layout.Column, slopes);
            for (var point = 0; point < Sampler.Points; point++)
            {
                var at = (nint)n * Sampler.Points + point;
                if (OffsetGradient != null)
                {
                    OffsetGradient[2 * at * Geometry.OutPixels + first + q] = slopes[3 * point];
                    OffsetGradient[(2 * at + 1) * Geometry.OutPixels + first + q] = slopes[3 * point + 1];
                }
                if (MaskGradient != null)
                    MaskGradient[at * Geometry.OutPixels + first + q] = slopes[3 * point + 2];
            }
        }
    }

    /// <summary>The second half: one piece of the sums over the pixels kept.</summary>
    public void Sum(int piece, int count)
    {
        if (piece < ImagePieces)
            for (var q = 0; q < count; q++)
                Sampler.ScatterBack(ImageSums, Taps + (nint)q * Sampler.Points, ColumnFlow + (nint)q * Layout.Column, owners, piece);
        else if (piece < ImagePieces + WeightPieces)
            SumWeights(piece - ImagePieces, count);
        else
            for (var q = 0; q < count; q++)
                for (var o = 0; o < Layout.OutChannels; o += TWide.Count)
                    TWide.Store(TWide.Add(TWide.Load(BiasSums + o), TWide.Load(OutFlow + (nint)q * Layout.OutChannels + o)),
                        BiasSums + o);
    }

    void SumWeights(int piece, int count)
    {
        var (group, block) = Math.DivRem(piece, BlocksPerGroup);
        var row = block * WeightRows;
        for (var from = 0; from < count; from += Pixels)
            TileProduct<T, TVector, TWide>.Run(Columns + (nint)from * Layout.Column + group * Layout.GroupColumn + row, 1, Layout.Column,
                OutFlow + (nint)from * Layout.OutChannels + group * Layout.OutGroupChannels, Layout.OutChannels,
                WeightSums + (nint)row * Layout.OutChannels + group * Layout.OutGroupChannels, Layout.OutChannels,
                Math.Min(WeightRows, Layout.GroupColumn - row), Layout.OutGroupChannels, Math.Min(Pixels, count - from), add: true);
    }
}

/// <summary>Which gradients of a deformable convolution are wanted.</summary>
readonly record struct DeformConvWants(bool Input, bool Offset, bool Weight, bool Mask, bool Bias);

/// <summary>The gradients of a deformable convolution; null where none was wanted.</summary>
sealed record DeformConvGradients(Tensor? Input, Tensor? Offset, Tensor? Weight, Tensor? Mask, Tensor? Bias);
