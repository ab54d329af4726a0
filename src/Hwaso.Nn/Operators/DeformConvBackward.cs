using System.Numerics;
using System.Runtime.Intrinsics;

namespace Hwaso.Nn;

/// <summary>
/// One pass of backward over some output pixels, in two halves: what belongs to a pixel, tile by tile, then what is summed over pixels. In the second
/// half every row of the image and every row of the weights has one owner, who goes through the pixels in order.
/// </summary>
sealed unsafe class DeformConvBackward<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    // Weight rows of one piece of work, and pixels whose columns stay in the second cache while the rows go over them.
    const int WeightRows = 64, Pixels = 128;

    readonly short[] owners = [];
    readonly int threads;

    public required DeformConvGeometry Geometry { get; init; }

    public required DeformConvLayout<T> Layout { get; init; }

    public required DeformConvSampler<T> Sampler { get; init; }

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

    /// <summary>What comes out; null where nobody wants it.</summary>
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
    /// <param name="first">The first pixel that is held.</param>
    /// <param name="tile">The tile's first pixel, counted from there.</param>
    /// <param name="count">Its pixels.</param>
    public void Flow(int thread, int n, int first, int tile, int count)
    {
        var flow = OutFlow + (nint)tile * Layout.OutChannels;
        Outs.Gather(Gradient, GradientStrides, Geometry.OutWidth, n, first + tile, count, flow);
        var rows = (count + TileProduct<T>.Rows - 1) / TileProduct<T>.Rows * TileProduct<T>.Rows;
        var columnFlow = ColumnFlow + (nint)tile * Layout.Column;
        for (var group = 0; group < Geometry.Groups; group++)
            TileProduct<T>.Run(flow + group * Layout.OutGroupChannels, Layout.OutChannels, 1, Weight + (nint)group * Layout.GroupColumn * Layout.OutGroupChannels, 0,
                columnFlow + group * Layout.GroupColumn, Layout.Column, rows, Layout.GroupColumn, Layout.OutGroupChannels, add: false);
        var image = Image + n * (nint)(Geometry.InPixels + 1) * Layout.Channels;
        var slopes = Slopes + (nint)thread * 3 * Sampler.Points;
        for (var q = tile; q < tile + count; q++)
        {
            var taps = Taps + (nint)q * Sampler.Points;
            Sampler.Locate(n, first + q, taps);
            Sampler.SampleBack(image, taps, ColumnFlow + (nint)q * Layout.Column, Columns == null ? null : Columns + (nint)q * Layout.Column, slopes);
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

    /// <summary>The second half: one piece of what is summed over the pixels held.</summary>
    public void Sum(int piece, int count)
    {
        if (piece < ImagePieces)
            for (var q = 0; q < count; q++)
                Sampler.ScatterBack(ImageSums, Taps + (nint)q * Sampler.Points, ColumnFlow + (nint)q * Layout.Column, owners, piece);
        else if (piece < ImagePieces + WeightPieces)
            SumWeights(piece - ImagePieces, count);
        else
            for (var q = 0; q < count; q++)
                for (var o = 0; o < Layout.OutChannels; o += Vector256<T>.Count)
                    Vector256.Store(Vector256.Load(BiasSums + o) + Vector256.Load(OutFlow + (nint)q * Layout.OutChannels + o), BiasSums + o);
    }

    void SumWeights(int piece, int count)
    {
        var (group, block) = Math.DivRem(piece, BlocksPerGroup);
        var row = block * WeightRows;
        for (var from = 0; from < count; from += Pixels)
            TileProduct<T>.Run(Columns + (nint)from * Layout.Column + group * Layout.GroupColumn + row, 1, Layout.Column,
                OutFlow + (nint)from * Layout.OutChannels + group * Layout.OutGroupChannels, Layout.OutChannels,
                WeightSums + (nint)row * Layout.OutChannels + group * Layout.OutGroupChannels, Layout.OutChannels,
                Math.Min(WeightRows, Layout.GroupColumn - row), Layout.OutGroupChannels, Math.Min(Pixels, count - from), add: true);
    }
}
