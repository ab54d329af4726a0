namespace Hwaso.Nn;

/// <summary>A convolution of a square kernel, and chunks of its outputs' rows whose taps are unfolded.</summary>
/// <param name="Images">N.</param>
/// <param name="Cin">Input channels.</param>
/// <param name="Cout">Output channels.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Kernel">Side of the kernel.</param>
/// <param name="Stride">Step.</param>
/// <param name="Padding">Zeros around.</param>
/// <param name="Dilation">Distance of the kernel's points.</param>
/// <param name="Groups">Groups of channels.</param>
readonly unsafe record struct UnfoldedShape(
    int Images, int Cin, int Cout, int Height, int Width, int Kernel, int Stride, int Padding, int Dilation, int Groups)
{
    // Numbers of a chunk, half a second-level cache of 512 KB, where its pixels are not too few for the products.
    const int MostNumbers = 1 << 16, FewestPixels = 64;

    public int Taps => Kernel * Kernel;

    /// <summary>From the kernel's first point to its last.</summary>
    public int Reach => Dilation * (Kernel - 1);

    /// <summary>Whether there are outputs.</summary>
    public bool IsReachable => Math.Min(Height, Width) + 2 * Padding > Reach;

    /// <summary>Rows of the output.</summary>
    public int Rows => (Height + 2 * Padding - Reach - 1) / Stride + 1;

    /// <summary>Columns of the output.</summary>
    public int Columns => (Width + 2 * Padding - Reach - 1) / Stride + 1;

    /// <summary>Input channels of a group.</summary>
    public int Channels => Cin / Groups;

    /// <summary>Output channels of a group.</summary>
    public int Outputs => Cout / Groups;

    /// <summary>Products of an output.</summary>
    public int Terms => Channels * Taps;

    public long MultiplyAdds => (long)Images * Cout * Terms * Rows * Columns;

    /// <summary>Rows of a chunk of outputs.</summary>
    public int ChunkRows =>
        Math.Min(Rows, Math.Max(Math.Max(1, MostNumbers / (Terms * Columns)), MinimalTiles.Blocks(FewestPixels, Columns)));

    public int Chunks => MinimalTiles.Blocks(Rows, ChunkRows);

    /// <summary>The first row of a chunk, and how many.</summary>
    public (int First, int Rows) RowsOf(int chunk) => (chunk * ChunkRows, Math.Min(ChunkRows, Rows - chunk * ChunkRows));

    /// <summary>Of so many rows, as a 1×1 convolution of a group's taps.</summary>
    public PointShape Chunk(int rows) => new(1, Terms, Outputs, rows * Columns);

    /// <summary>Numbers of a chunk of so many planes, with what is read too far.</summary>
    public nint ChunkNumbers(int planes) => (nint)planes * ChunkRows * Columns + 64;

    public nint InputAt(int image, int group) => ((nint)image * Cin + group * Channels) * Height * Width;

    public nint OutputAt(int image, int group) => ((nint)image * Cout + group * Outputs) * Rows * Columns;

    /// <summary>
    /// Whether the gradient of the input is such a convolution itself: of the output's gradient, with turned weights.
    /// </summary>
    public bool IsTurned => Stride == 1 && Padding <= Reach;

    public UnfoldedShape Turned() =>
        this with { Cin = Cout, Cout = Cin, Height = Rows, Width = Columns, Padding = Reach - Padding };

    /// <summary>Its weights [Cin, Cout / groups, K, K].</summary>
    public void Turn(float* weights, float* turned)
    {
        for (var o = 0; o < Cout; o++)
            for (var i = 0; i < Channels; i++)
            {
                var from = weights + ((nint)o * Channels + i) * Taps;
                var to = turned + ((nint)(o / Outputs * Channels + i) * Outputs + o % Outputs) * Taps;
                for (var t = 0; t < Taps; t++)
                    to[t] = from[Taps - 1 - t];
            }
    }

    // Columns of a phase: those that outputs' first taps read, and those that others read beyond.
    int Part => Columns + Reach / Stride + 1;

    int StageRows(int rows) => (rows - 1) * Stride + Reach + 1;

    /// <summary>Numbers of a channel's rows that a chunk reads.</summary>
    public nint StageNumbers => (nint)StageRows(ChunkRows) * Stride * Part;

    /// <summary>Copies what each tap of each channel of a group reads for a chunk of outputs.</summary>
    /// <param name="planes">The group's first plane.</param>
    /// <param name="first">The chunk's first row.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="stage">Room for <see cref="StageNumbers"/>.</param>
    /// <param name="to">Receives the taps.</param>
    public void Unfold(float* planes, int first, int rows, float* stage, float* to)
    {
        var bytes = (uint)Columns * sizeof(float);
        for (var c = 0; c < Channels; c++, planes += (nint)Height * Width)
        {
            Stage(planes, first * Stride - Padding, StageRows(rows), stage);
            for (var t = 0; t < Taps; t++)
            {
                var (y, x) = (t / Kernel * Dilation, t % Kernel * Dilation);
                var from = stage + ((nint)y * Stride + x % Stride) * Part + x / Stride;
                for (var row = 0; row < rows; row++, to += Columns, from += (nint)Stride * Stride * Part)
                    Buffer.MemoryCopy(from, to, bytes, bytes);
            }
        }
    }

    // Rows of a plane, its padding included, each row's columns by what their number leaves when divided by the stride.
    void Stage(float* plane, int begin, int rows, float* stage)
    {
        for (var r = 0; r < rows; r++)
            for (var phase = 0; phase < Stride; phase++, stage += Part)
            {
                if (begin + r is var y && (y < 0 || y >= Height))
                {
                    new Span<float>(stage, Part).Clear();
                    continue;
                }
                var (from, to) = Inside(phase - Padding, Part);
                new Span<float>(stage, from).Clear();
                new Span<float>(stage + to, Part - to).Clear();
                var source = plane + (nint)y * Width + phase - Padding;
                if (Stride == 1)
                    new ReadOnlySpan<float>(source + from, to - from).CopyTo(new Span<float>(stage + from, to - from));
                else
                    for (var column = from; column < to; column++)
                        stage[column] = source[(nint)column * Stride];
            }
    }

    /// <summary>The way back: adds a chunk's taps of some channels to their planes.</summary>
    public void Fold(float* chunk, int first, int rows, int channels, float* planes)
    {
        for (var c = 0; c < channels; c++, planes += (nint)Height * Width)
            for (var t = 0; t < Taps; t++)
            {
                var (y, x) = (t / Kernel * Dilation - Padding, t % Kernel * Dilation - Padding);
                var (begin, end) = Inside(x, Columns);
                for (var row = first; row < first + rows; row++, chunk += Columns)
                {
                    var at = row * Stride + y;
                    if (at < 0 || at >= Height)
                        continue;
                    var to = planes + (nint)at * Width + x;
                    for (var column = begin; column < end; column++)
                        to[(nint)column * Stride] += chunk[column];
                }
            }
    }

    /// <summary>Copies a chunk's rows of the planes of a group's outputs.</summary>
    public void ToChunk(float* planes, int first, int rows, float* to)
    {
        for (var o = 0; o < Outputs; o++)
            new ReadOnlySpan<float>(planes + ((nint)o * Rows + first) * Columns, rows * Columns)
                .CopyTo(new Span<float>(to + (nint)o * rows * Columns, rows * Columns));
    }

    /// <summary>The way back.</summary>
    public void FromChunk(float* chunk, int first, int rows, float* planes)
    {
        for (var o = 0; o < Outputs; o++)
            new ReadOnlySpan<float>(chunk + (nint)o * rows * Columns, rows * Columns)
                .CopyTo(new Span<float>(planes + ((nint)o * Rows + first) * Columns, rows * Columns));
    }

    // Which of so many columns a stride apart, the first at x, lie in the image.
    (int Begin, int End) Inside(int x, int columns)
    {
        var begin = Math.Min(columns, x < 0 ? MinimalTiles.Blocks(-x, Stride) : 0);
        var last = Width - 1 - x;
        return (begin, last < 0 ? begin : Math.Max(begin, Math.Min(columns, last / Stride + 1)));
    }
}
