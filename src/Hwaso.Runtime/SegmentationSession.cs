using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Planning;

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

    public SegmentationSession(Session session, SegmentationMetadata metadata, WorkerPool pool, int width, int height, int rows, int columns)
    {
        (this.session, this.pool, Width, Height, this.rows, this.columns) = (session, pool, width, height, rows, columns);
        for (var c = 0; c < 3; c++)
            for (var v = 0; v < ColorValues; v++)
                table[(c * ColorValues) + v] = (float)(((v / 255.0) - metadata.Mean[c]) / metadata.Deviation[c]);
        resize = [ResizeTable.Linear(height, rows, (double)rows / height, ResizeMode.HalfPixel), ResizeTable.Linear(width, columns, (double)columns / width, ResizeMode.HalfPixel)];
        labels = GC.AllocateUninitializedArray<byte>(width * height, pinned: true);
        var shape = session.OutputShape(0);
        if (session.IsFloat(0) && shape.Length == 4 && shape[0] == 1)
        {
            if (shape[1] > 256)
                throw new ArgumentException($"{shape[1]} classes; labels are bytes, of at most 256");
            var mode = metadata.AlignCorners ? ResizeMode.AlignCorners : ResizeMode.HalfPixel;
            fixed (float* scores = session.Output(0))
            fixed (byte* to = labels)
                // Both lie still: the session's memory and the labels are pinned.
                kernel = new LabelKernel(shape[1], shape[2], shape[3],
                    ResizeTable.Linear(shape[2], height, (double)height / shape[2], mode), ResizeTable.Linear(shape[3], width, (double)width / shape[3], mode), scores, to, pool.Threads);
        }
        else if (session.IsFloat(0) || shape.Length is < 2 or > 4 || shape.Length > 2 && shape[0] != 1)
            throw new ArgumentException($"its output [{string.Join(", ", shape.ToArray())}] is neither scores [1, K, h, w] nor labels [1, h, w]");
        var each = PinnedMemory.Whole((kernel?.ScratchBytes ?? 0) + PinnedMemory.Alignment);
        memory = GC.AllocateUninitializedArray<byte>(checked((int)(each * pool.Threads)) + PinnedMemory.Alignment, pinned: true);
        scratch = Enumerable.Range(0, pool.Threads).Select(k => (nint)PinnedMemory.Align(memory) + (nint)(k * each)).ToArray();
    }

    public int Width { get; }

    public int Height { get; }

    public void Run(ReadOnlySpan<byte> rgb, Span<byte> to, CancellationToken stop)
    {
        if (rows == Height && columns == Width)
            Normalise(rgb);
        else
            NormaliseResized(rgb);
        session.Run(stop);
        if (kernel is not null)
        {
            pool.Run(kernel, scratch);
            labels.CopyTo(to);
        }
        else
            Nearest(to);
        GC.KeepAlive(memory);
    }

    /// <summary>The scores of every class at the image's size.</summary>
    public float[] Scores()
    {
        if (kernel is null)
            throw new ArgumentException("the network gives labels, no scores");
        var scores = new float[kernel.Classes * Width * Height];
        fixed (float* to = scores)
            kernel.Scores(to);
        return scores;
    }

    void Normalise(ReadOnlySpan<byte> rgb)
    {
        var pixels = Width * Height;
        var input = session.Input(0);
        for (var c = 0; c < 3; c++)
        {
            var plane = input.Slice(c * pixels, pixels);
            for (int k = 0, from = c; k < plane.Length; k++, from += 3)
                plane[k] = table[(c * ColorValues) + rgb[from]];
        }
    }

    void NormaliseResized(ReadOnlySpan<byte> rgb)
    {
        var input = session.Input(0);
        var (y, x) = (resize[0], resize[1]);
        for (var c = 0; c < 3; c++)
            for (var row = 0; row < rows; row++)
                for (var column = 0; column < columns; column++)
                {
                    float At(ReadOnlySpan<byte> image, int r, int k) => table[(c * ColorValues) + image[(((r * Width) + k) * 3) + c]];
                    var upper = At(rgb, y.First[row], x.First[column]);
                    var lower = At(rgb, y.Second[row], x.First[column]);
                    upper += (At(rgb, y.First[row], x.Second[column]) - upper) * x.Part[column];
                    lower += (At(rgb, y.Second[row], x.Second[column]) - lower) * x.Part[column];
                    input[(((c * rows) + row) * columns) + column] = upper + ((lower - upper) * y.Part[row]);
                }
    }

    // Labels cannot be blended: each pixel takes that of the place it lies in.
    void Nearest(Span<byte> to)
    {
        var from = session.OutputInts(0);
        var shape = session.OutputShape(0);
        var (height, width) = (shape[^2], shape[^1]);
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
                to[(y * Width) + x] = (byte)from[((int)((long)y * height / Height) * width) + (int)((long)x * width / Width)];
    }
}
