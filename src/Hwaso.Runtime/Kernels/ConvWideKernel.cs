using System.Runtime.CompilerServices;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// A convolution of stride 1 whose taps lie so far apart that many of them meet only padding: tap by tap, the pixels that meet the image
/// are laid out without gaps, multiplied, and added to the output.
/// </summary>
sealed unsafe class ConvWideKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Input channels that are multiplied at a time, and pixels of an item, at most. Of few channels, adding to the output is what takes
    // time.
    const int MostChannels = 256, MostPixels = 512, LeastChannels = 64;

    const int TileChannels = ConvTile<TLanes, TVector>.Channels, Pair = 2;

    readonly ConvShape shape;
    readonly Constant weights;
    readonly float* input, bias, addend, output;
    readonly Unary function;
    readonly int rows, blocks, channels, channelTiles, pairs;

    /// <summary>Like <see cref="ConvKernel{TLanes, TVector}"/>, with weights that are packed by taps.</summary>
    public ConvWideKernel(in ConvShape shape, Constant weights, float* input, float* bias, float* addend, Unary function, float* output,
        int threads)
    {
        this.shape = shape;
        this.weights = weights;
        this.input = input;
        this.bias = bias;
        this.addend = addend;
        this.function = function;
        this.output = output;
        var images = Math.Max(1, shape.Batch * shape.Groups);
        // Every item reads all weights.
        var share = threads == 1 ? 1 : Parts(2 * threads, images);
        var most = Math.Min(Parts(shape.OutHeight, share), MostPixels / Math.Max(1, shape.OutWidth));
        rows = Math.Clamp(most, 1, Math.Max(1, shape.OutHeight));
        blocks = Parts(shape.OutHeight, rows);
        channels = Parts(shape.GroupCin, Parts(shape.GroupCin, MostChannels));
        channelTiles = Parts(shape.GroupCout, TileChannels);
        pairs = Parts(rows * shape.OutWidth, Pair * TLanes.Count);
        Items = shape.Batch * shape.Groups * blocks;
    }

    public override int Items { get; }

    public override long ScratchBytes => PanelBytes + PartBytes + PinnedMemory.Whole((pairs + 1L) * Pair * sizeof(TVector));

    long PanelBytes => (long)pairs * channels * Pair * sizeof(TVector);

    // The sums of a pair of vectors. A channel's pixels lie behind them.
    long PartBytes => PinnedMemory.Whole((long)channelTiles * ConvTile<TLanes, TVector>.Sums * sizeof(TVector));

    /// <summary>Whether a convolution gains from it.</summary>
    public static bool Fits(in ConvShape shape) =>
        shape is { StrideX: 1, StrideY: 1, OutWidth: <= MostPixels, GroupCin: >= LeastChannels };

    public override void Run(int item, byte* scratch)
    {
        var (image, firstRow) = (item / blocks, item % blocks * rows);                  // n × groups + g
        var height = Math.Min(rows, shape.OutHeight - firstRow);
        var plane = (nint)shape.OutHeight * shape.OutWidth;
        var target = (image * (nint)shape.GroupCout * plane) + ((nint)firstRow * shape.OutWidth);
        var count = height * shape.OutWidth;
        for (var c = 0; c < shape.GroupCout; c++)
            Begin(bias == null ? 0 : bias[(image % shape.Groups * shape.GroupCout) + c],
                addend == null ? null : addend + target + (c * plane), output + target + (c * plane), count);
        for (var tap = 0; tap < shape.Taps; tap++)
        {
            // Input rows and columns that the tap meets, counted as output rows and columns.
            var (down, right) = ((tap / shape.KernelWidth * shape.DilationY) - shape.Top,
                (tap % shape.KernelWidth * shape.DilationX) - shape.Left);
            var (y, end) = (Math.Max(firstRow, -down), Math.Min(firstRow + height, shape.Height - down));
            var (x, last) = (Math.Max(0, -right), Math.Min(shape.OutWidth, shape.Width - right));
            if (y < end && x < last)
                Add(image, tap, ((nint)(y + down) * shape.Width) + x + right, end - y, last - x,
                    output + target + ((nint)(y - firstRow) * shape.OutWidth) + x, scratch);
        }
        if (function.Kind != UnaryKind.Identity)
            for (var c = 0; c < shape.GroupCout; c++)
                UnaryRow<TLanes, TVector>.Apply(function, output + target + (c * plane), output + target + (c * plane), count);
    }

    /// <summary>Adds the products of one tap and a rectangle of pixels.</summary>
    void Add(int image, int tap, nint at, int height, int width, float* to, byte* scratch)
    {
        var panels = (float*)scratch;
        var part = (float*)(scratch + PanelBytes);
        var pixels = (float*)(scratch + PanelBytes + PartBytes);
        var plane = (nint)shape.Height * shape.Width;
        var outPlane = (nint)shape.OutHeight * shape.OutWidth;
        nint tileNumbers = (nint)shape.WeightChannels * shape.Taps * TileChannels, tapNumbers = (nint)shape.WeightChannels * TileChannels;
        var vectors = Parts(height * width, TLanes.Count);
        var used = Parts(vectors, Pair);
        nint panelNumbers = (nint)channels * Pair * TLanes.Count;
        var w = (float*)weights.Address + (image % shape.Groups * channelTiles * tileNumbers) + (tap * tapNumbers);
        // What lies behind the last pixel must not keep numbers of an earlier kernel: denormal ones would be slow to multiply.
        TLanes.Store(TLanes.All(0), pixels + (height * width));
        for (var from = 0; from < shape.GroupCin; from += channels)
        {
            var now = Math.Min(channels, shape.GroupCin - from);
            var source = input + (((image * (nint)shape.GroupCin) + from) * plane) + at;
            for (var c = 0; c < now; c++, source += plane)
            {
                Prefetch.Row(source + plane, height * shape.Width);
                Copy(source, shape.Width, height, width, pixels);
                ConvPanel<TLanes, TVector>.Lay(pixels, vectors, panels + (c * Pair * TLanes.Count), panelNumbers);
            }
            for (var pair = 0; pair < used; pair++)
            {
                // A panel stays in the first-level cache for all tiles of channels.
                for (var tile = 0; tile < channelTiles; tile++)
                {
                    var next = tile + 1 < channelTiles ? tile + 1 : 0;
                    ConvTile<TLanes, TVector>.Add(w + (tile * tileNumbers) + ((nint)from * TileChannels), panels + (pair * panelNumbers),
                        now, (TVector*)part + (tile * ConvTile<TLanes, TVector>.Sums), first: true,
                        w + (next * tileNumbers) + ((nint)from * TileChannels));
                }
                var first = pair * Pair * TLanes.Count;
                var count = Math.Min(Pair * TLanes.Count, (height * width) - first);
                var target = to + (first / width * (nint)shape.OutWidth);
                for (var c = 0; c < shape.GroupCout; c++, target += outPlane)
                    Sum(part + (c * Pair * TLanes.Count), count, first % width, width, target, shape.OutWidth);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Begin(float shift, float* addend, float* to, int count)
    {
        for (var x = 0; x < count; x += TLanes.Count)
        {
            var value = TLanes.All(shift);
            if (addend != null)
                value = TLanes.Add(value, TLanes.LoadFirst(addend + x, count - x));
            TLanes.StoreFirst(value, to + x, count - x);
        }
    }

    /// <summary>Copies rows, one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Copy(float* from, nint pitch, int rows, int width, float* to)
    {
        for (; rows > 0; rows--, from += pitch, to += width)
        {
            var x = 0;
            for (; x + TLanes.Count <= width; x += TLanes.Count)
                TLanes.Store(TLanes.Load(from + x), to + x);
            TLanes.StoreFirst(TLanes.LoadFirst(from + x, width - x), to + x, width - x);
        }
    }

    /// <summary>Adds pixels that lie one after the other to those of some rows.</summary>
    /// <param name="from">The pixels.</param>
    /// <param name="count">How many.</param>
    /// <param name="column">The column of the first one.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="to">The first row.</param>
    /// <param name="pitch">Numbers from one row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Sum(float* from, int count, int column, int width, float* to, nint pitch)
    {
        for (var length = Math.Min(count, width - column); count > 0; length = Math.Min(count, width))
        {
            var row = to + column;
            var x = 0;
            for (; x + TLanes.Count <= length; x += TLanes.Count)
                TLanes.Store(TLanes.Add(TLanes.Load(row + x), TLanes.Load(from + x)), row + x);
            if (x < length)
                TLanes.StoreFirst(TLanes.Add(TLanes.LoadFirst(row + x, length - x), TLanes.LoadFirst(from + x, length - x)), row + x,
                    length - x);
            from += length;
            to += pitch;
            (count, column) = (count - length, 0);
        }
    }

    static int Parts(int whole, int part) => (whole + part - 1) / part;
}
