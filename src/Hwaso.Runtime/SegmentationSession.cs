using System.Numerics;
using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime;

/// <summary>A segmentation network with the memory of one run, for images of one size.</summary>
sealed unsafe class SegmentationSession
{
    const int ColorValues = 256;

    // A vector of scores may reach beyond the last one.
    const int Behind = 16;

    readonly Session session;
    readonly WorkerPool pool;
    readonly InputLayout input;
    readonly OutputLayout output;
    readonly OnnxType type;
    readonly int rows, columns;
    readonly SegmentationMetadata metadata;
    readonly float[] table;
    // The threshold of a single channel, as a probability and as a logit.
    readonly float threshold, logit;
    // Scores that are not where a kernel could read them: of other orders, of one channel, or of a model that is evaluated.
    readonly float[]? held;
    readonly LabelKernel? kernel;
    readonly FiniteKernel? finite;
    readonly byte[] labels, memory;
    readonly nint[] scratch;
    readonly ResizeTable[] resize;

    /// <param name="session">The network, opened for images of <paramref name="rows"/> × <paramref name="columns"/>.</param>
    /// <param name="metadata">The network's normalisation, and how its scores are resized.</param>
    /// <param name="input">How the network takes images.</param>
    /// <param name="type">The element type of its input.</param>
    /// <param name="pool">The threads to compute with.</param>
    /// <param name="kernels">The kernels of the model's vectors.</param>
    /// <param name="sizes">The sizes of images and labels.</param>
    /// <param name="rows">Rows of the network's input.</param>
    /// <param name="columns">Columns of the network's input.</param>
    /// <param name="read">What an output of some sizes is; the flag is whether it holds floating-point numbers.</param>
    public SegmentationSession(
        Session session, SegmentationMetadata metadata, InputLayout input, OnnxType type, WorkerPool pool, KernelSet kernels,
        SegmentationSizes sizes, int rows, int columns, Func<int[], bool, OutputLayout> read)
    {
        (this.session, this.metadata, this.input, this.type, this.pool, Sizes) = (session, metadata, input, type, pool, sizes);
        (this.rows, this.columns) = (rows, columns);
        table = PixelTable.Of(metadata, input.Channels);
        threshold = metadata.Threshold;
        logit = (float)Math.Log(threshold / (1.0 - threshold));
        resize =
        [
            ResizeTable.Linear(sizes.Height, rows, (double)rows / sizes.Height, ResizeMode.HalfPixel),
            ResizeTable.Linear(sizes.Width, columns, (double)columns / sizes.Width, ResizeMode.HalfPixel),
        ];
        labels = GC.AllocateUninitializedArray<byte>(sizes.LabelWidth * sizes.LabelHeight, pinned: true);
        if (!session.IsPlanned)
            // Only a run tells the sizes of its output.
            session.Run();
        output = read(session.OutputShape(0).ToArray(), Numbers.IsReal(session.TypeOf(0)));
        if (output.Classes == 0)
            session.WatchScores();
        if (output.Classes > 0)
        {
            var mode = metadata.AlignCorners ? ResizeMode.AlignCorners : ResizeMode.HalfPixel;
            ResizeTable Table(int from, int to) => ResizeTable.Linear(from, to, (double)to / from, mode);
            var count = checked(output.Classes * output.Height * output.Width);
            if (!session.IsPlanned || output.IsLast || output.One is not null)
                held = GC.AllocateUninitializedArray<float>(count + Behind, pinned: true);
            fixed (float* scores = held is not null ? held : session.Output(0))
            fixed (byte* to = labels)
            {
                // The addresses stay valid: the session's memory, the scores that are held and the labels are pinned.
                kernel = kernels.Labels(
                    output.Classes, output.Height, output.Width, Table(output.Height, sizes.LabelHeight),
                    Table(output.Width, sizes.LabelWidth), scores, to, pool.Threads);
                finite = new FiniteKernel(scores, count);
            }
        }
        var each = PinnedMemory.Whole((kernel?.ScratchBytes ?? 0) + PinnedMemory.Alignment);
        memory = GC.AllocateUninitializedArray<byte>(checked((int)(each * pool.Threads)) + PinnedMemory.Alignment, pinned: true);
        scratch = Enumerable.Range(0, pool.Threads).Select(k => (nint)PinnedMemory.Align(memory) + (nint)(k * each)).ToArray();
        Bytes = session.Bytes + labels.Length + memory.Length + (4L * (held?.Length ?? 0));
    }

    public SegmentationSizes Sizes { get; }

    /// <summary>Bytes of memory that the session holds.</summary>
    public long Bytes { get; }

    /// <summary>The labels of the last image.</summary>
    public ReadOnlySpan<byte> Labels => labels;

    /// <summary>Segments an image.</summary>
    /// <param name="pixels">The image's pixels from its first one on, of three channels or the network's.</param>
    /// <param name="stride">Pixels from one row to the next.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    public void Run(Pixels pixels, int stride, CancellationToken stop)
    {
        Normalise(pixels, stride);
        session.Run(stop);
        stop.ThrowIfCancellationRequested();
        if (kernel is null)
        {
            if (!session.AreScoresFinite)
                throw NotFinite();
            Nearest();
            return;
        }
        if (held is not null)
            Hold();
        finite!.Reset();
        if (!Decide())
            throw NotFinite();
    }

    ArithmeticException NotFinite() => new(
        $"the network's scores of an image of {Sizes.Width}×{Sizes.Height} pixels are not finite; the first "
        + $"layer with such a result is {session.FirstNotFinite() ?? "not found"}; check the file's weights, its precision "
        + "(half precision ends at 65504) and the normalisation");

    /// <summary>Finds the labels; false if a score is not finite.</summary>
    bool Decide()
    {
        var hasThreads = pool.TryEnter();
        try
        {
            pool.Run(finite!, scratch);
            if (finite!.IsFinite)
                pool.Run(kernel!, scratch);
            GC.KeepAlive(memory);
            return finite.IsFinite;
        }
        finally
        {
            if (hasThreads)
                pool.Leave();
        }
    }

    /// <summary>The numbers that the network gets for an image.</summary>
    /// <exception cref="ArgumentException">The network takes integers.</exception>
    public float[] InputOf(Pixels pixels, int stride)
    {
        if (!Numbers.IsReal(type) || type == OnnxType.Float64)
            throw new ArgumentException($"the network takes {type} numbers; single precision was wanted");
        Normalise(pixels, stride);
        return session.Input(0).ToArray();
    }

    /// <summary>The scores of every class at every label, [K, height, width].</summary>
    public float[] Scores()
    {
        if (kernel is null)
            throw new ArgumentException("the network's output is labels; it has no scores");
        var scores = new float[checked(kernel.Classes * labels.Length)];
        fixed (float* to = scores)
            kernel.Scores(to);
        return scores;
    }

    void Normalise(Pixels pixels, int stride)
    {
        var isWhole = rows == Sizes.Height && columns == Sizes.Width;
        for (var c = 0; c < input.Channels; c++)
            for (var y = 0; y < rows; y++)
            {
                var start = input.IsLast ? (y * columns * input.Channels) + c : ((c * rows) + y) * columns;
                var step = input.IsLast ? input.Channels : 1;
                if (isWhole && step == 1 && input.Channels == pixels.Channels && !pixels.HasWords && Numbers.IsReal(type)
                    && type != OnnxType.Float64)
                    Row(pixels.Bytes.Slice(pixels.Channels * y * stride, pixels.Channels * columns), c,
                        session.Input(0).Slice(start, columns));
                else
                    for (var x = 0; x < columns; x++)
                        Put(start + (x * step), isWhole ? At(pixels, stride, c, y, x) : Between(pixels, stride, c, y, x));
            }
    }

    void Row(ReadOnlySpan<byte> pixels, int c, Span<float> row)
    {
        for (int k = 0, from = c; k < row.Length; k++, from += input.Channels)
            row[k] = table[(c * ColorValues) + pixels[from]];
    }

    void Put(int at, float value)
    {
        if (type == OnnxType.Float64)
            session.InputDoubles(0)[at] = value;
        else if (Numbers.IsReal(type))
            session.Input(0)[at] = value;
        else
            session.InputInts(0)[at] = (long)MathF.Round(value);
    }

    float At(Pixels pixels, int stride, int c, int row, int column)
    {
        var at = ((row * stride) + column) * pixels.Channels;
        if (pixels.HasWords)
            return PixelTable.Of(metadata, c, Value(pixels.Words.Slice(at, pixels.Channels), c, ushort.MaxValue));
        return table[(c * ColorValues) + Value(pixels.Bytes.Slice(at, pixels.Channels), c, byte.MaxValue)];
    }

    int Value<T>(ReadOnlySpan<T> pixel, int c, int opaque) where T : unmanaged, INumberBase<T>
    {
        static int Of(T value) => int.CreateTruncating(value);
        // Gray as in ITU-R BT.601; the alpha of colours is opaque.
        return input.Channels == pixel.Length ? Of(pixel[c])
            : input.Channels == 1 ? ((299 * Of(pixel[0])) + (587 * Of(pixel[1])) + (114 * Of(pixel[2])) + 500) / 1000
            : c < 3 ? Of(pixel[c]) : opaque;
    }

    float Between(Pixels rgb, int stride, int c, int row, int column)
    {
        var (y, x) = (resize[0], resize[1]);
        var upper = At(rgb, stride, c, y.First[row], x.First[column]);
        var lower = At(rgb, stride, c, y.Second[row], x.First[column]);
        upper += (At(rgb, stride, c, y.First[row], x.Second[column]) - upper) * x.Part[column];
        lower += (At(rgb, stride, c, y.Second[row], x.Second[column]) - lower) * x.Part[column];
        return upper + ((lower - upper) * y.Part[row]);
    }

    // Scores in the order [K, h, w]; of a single channel, those of two classes.
    void Hold()
    {
        var (area, classes) = (output.Height * output.Width, output.One is null ? output.Classes : 1);
        var real = session.TypeOf(0) == OnnxType.Float64;
        var count = real ? session.OutputDoubles(0).Length : session.Output(0).Length;
        if (count != area * classes)
            throw new ArgumentException($"the network's output has {count} numbers now and had {area * classes} before; "
                + "its size depends on the image, which is not supported");
        for (var k = 0; k < count; k++)
        {
            var value = real ? (float)session.OutputDoubles(0)[k] : session.Output(0)[k];
            var to = output.IsLast ? (k % classes * area) + (k / classes) : k;
            if (output.One is null)
                held![to] = value;
            else
                // Class 1 has the greater score where the value passes the threshold.
                (held![to], held[area + to]) = (output.One == OneChannel.Logit ? logit : (2 * threshold) - value, value);
        }
    }

    // Labels cannot be interpolated: each pixel takes the label of the element it lies in.
    void Nearest()
    {
        var (height, width) = (output.Height, output.Width);
        for (var y = 0; y < Sizes.LabelHeight; y++)
            for (var x = 0; x < Sizes.LabelWidth; x++)
                labels[(y * Sizes.LabelWidth) + x] = Label(
                    ((int)((long)y * height / Sizes.LabelHeight) * width) + (int)((long)x * width / Sizes.LabelWidth), x, y);
    }

    byte Label(int at, int x, int y)
    {
        var isReal = Numbers.IsReal(session.TypeOf(0));
        double value = !isReal ? session.OutputInts(0)[at]
            : session.TypeOf(0) == OnnxType.Float64 ? session.OutputDoubles(0)[at] : session.Output(0)[at];
        return value is >= byte.MinValue and <= byte.MaxValue && Math.Floor(value) == value
            ? (byte)value
            : throw new ArithmeticException(FormattableString.Invariant(
                $"the network's label of the pixel at column {x}, row {y} is {value}; whole numbers from 0 to 255 were wanted"));
    }
}

/// <summary>The size of an image and the size of its labels.</summary>
/// <param name="Width">Columns of the image.</param>
/// <param name="Height">Rows of the image.</param>
/// <param name="LabelWidth">Columns of the labels.</param>
/// <param name="LabelHeight">Rows of the labels.</param>
readonly record struct SegmentationSizes(int Width, int Height, int LabelWidth, int LabelHeight)
{
    /// <summary>An image with labels of its own size.</summary>
    public SegmentationSizes(int width, int height) : this(width, height, width, height)
    {
    }
}
