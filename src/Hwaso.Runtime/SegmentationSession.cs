using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime;

/// <summary>A segmentation network with the memory of one run, for images of one size.</summary>
sealed unsafe class SegmentationSession
{
    const int ColorValues = 256;

    readonly Session session;
    readonly WorkerPool pool;
    readonly int rows, columns;
    readonly float[] table = new float[3 * ColorValues];
    readonly LabelKernel? kernel;
    readonly byte[] labels, memory;
    readonly nint[] scratch;
    readonly ResizeTable[] resize;

    /// <param name="session">The network, opened for images of <paramref name="rows"/> × <paramref name="columns"/>.</param>
    /// <param name="metadata">The network's normalisation, and how its scores are resized.</param>
    /// <param name="pool">The threads to compute with.</param>
    /// <param name="sizes">The sizes of images and labels.</param>
    /// <param name="rows">Rows of the network's input.</param>
    /// <param name="columns">Columns of the network's input.</param>
    public SegmentationSession(
        Session session, SegmentationMetadata metadata, WorkerPool pool, SegmentationSizes sizes, int rows, int columns)
    {
        (this.session, this.pool, Sizes, this.rows, this.columns) = (session, pool, sizes, rows, columns);
        for (var c = 0; c < 3; c++)
            for (var v = 0; v < ColorValues; v++)
                table[(c * ColorValues) + v] = (float)(((v / 255.0) - metadata.Mean[c]) / metadata.Deviation[c]);
        resize =
        [
            ResizeTable.Linear(sizes.Height, rows, (double)rows / sizes.Height, ResizeMode.HalfPixel),
            ResizeTable.Linear(sizes.Width, columns, (double)columns / sizes.Width, ResizeMode.HalfPixel),
        ];
        labels = GC.AllocateUninitializedArray<byte>(sizes.LabelWidth * sizes.LabelHeight, pinned: true);
        var shape = session.OutputShape(0);
        if (session.IsFloat(0) && shape.Length == 4 && shape[0] == 1)
        {
            if (shape[1] > 256)
                throw new ArgumentException($"{shape[1]} classes; labels are bytes, so at most 256 are supported");
            var mode = metadata.AlignCorners ? ResizeMode.AlignCorners : ResizeMode.HalfPixel;
            ResizeTable Table(int from, int to) => ResizeTable.Linear(from, to, (double)to / from, mode);
            fixed (float* scores = session.Output(0))
            fixed (byte* to = labels)
                // The addresses stay valid: the session's memory and the labels are pinned.
                kernel = new LabelKernel(
                    shape[1], shape[2], shape[3], Table(shape[2], sizes.LabelHeight), Table(shape[3], sizes.LabelWidth),
                    scores, to, pool.Threads);
        }
        else if (session.IsFloat(0) || shape.Length is < 2 or > 4 || Elements(shape[..^2]) != 1)
            throw new ArgumentException(
                $"the network's output [{string.Join(", ", shape.ToArray())}] is neither scores [1, K, h, w] nor labels [1, h, w]");
        var each = PinnedMemory.Whole((kernel?.ScratchBytes ?? 0) + PinnedMemory.Alignment);
        memory = GC.AllocateUninitializedArray<byte>(checked((int)(each * pool.Threads)) + PinnedMemory.Alignment, pinned: true);
        scratch = Enumerable.Range(0, pool.Threads).Select(k => (nint)PinnedMemory.Align(memory) + (nint)(k * each)).ToArray();
        Bytes = session.Bytes + labels.Length + memory.Length;
    }

    public SegmentationSizes Sizes { get; }

    /// <summary>Bytes of memory that the session holds.</summary>
    public long Bytes { get; }

    /// <summary>The labels of the last image.</summary>
    public ReadOnlySpan<byte> Labels => labels;

    /// <summary>Segments an image.</summary>
    /// <param name="rgb">The image's pixels from its first one on.</param>
    /// <param name="stride">Pixels from one row to the next.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    public void Run(ReadOnlySpan<byte> rgb, int stride, CancellationToken stop)
    {
        if (rows == Sizes.Height && columns == Sizes.Width)
            Normalise(rgb, stride);
        else
            NormaliseResized(rgb, stride);
        session.Run(stop);
        stop.ThrowIfCancellationRequested();
        if (kernel is not null)
            pool.Run(kernel, scratch);
        else
            Nearest();
        GC.KeepAlive(memory);
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

    void Normalise(ReadOnlySpan<byte> rgb, int stride)
    {
        var input = session.Input(0);
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < rows; y++)
            {
                var row = input.Slice(((c * rows) + y) * columns, columns);
                var pixels = rgb.Slice(3 * y * stride, 3 * columns);
                for (int k = 0, from = c; k < row.Length; k++, from += 3)
                    row[k] = table[(c * ColorValues) + pixels[from]];
            }
    }

    void NormaliseResized(ReadOnlySpan<byte> rgb, int stride)
    {
        var input = session.Input(0);
        var (y, x) = (resize[0], resize[1]);
        for (var c = 0; c < 3; c++)
            for (var row = 0; row < rows; row++)
                for (var column = 0; column < columns; column++)
                {
                    float At(ReadOnlySpan<byte> image, int r, int k) => table[(c * ColorValues) + image[(((r * stride) + k) * 3) + c]];
                    var upper = At(rgb, y.First[row], x.First[column]);
                    var lower = At(rgb, y.Second[row], x.First[column]);
                    upper += (At(rgb, y.First[row], x.Second[column]) - upper) * x.Part[column];
                    lower += (At(rgb, y.Second[row], x.Second[column]) - lower) * x.Part[column];
                    input[(((c * rows) + row) * columns) + column] = upper + ((lower - upper) * y.Part[row]);
                }
    }

    // Labels cannot be interpolated: each pixel takes the label of the element it lies in.
    void Nearest()
    {
        var from = session.OutputInts(0);
        var shape = session.OutputShape(0);
        var (height, width) = (shape[^2], shape[^1]);
        for (var y = 0; y < Sizes.LabelHeight; y++)
            for (var x = 0; x < Sizes.LabelWidth; x++)
                labels[(y * Sizes.LabelWidth) + x] =
                    (byte)from[((int)((long)y * height / Sizes.LabelHeight) * width) + (int)((long)x * width / Sizes.LabelWidth)];
    }

    static int Elements(ReadOnlySpan<int> shape)
    {
        var product = 1;
        foreach (var size in shape)
            product *= size;
        return product;
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
