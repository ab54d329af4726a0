using Hwaso.Runtime.Format;

namespace Hwaso.Runtime;

/// <summary>
/// A segmentation network from an ONNX file: images in, labels out. Any number of threads may use one model at the same time.
/// </summary>
public sealed class SegmentationModel : IDisposable
{
    // Idle sessions are kept for the next image of their size, as long as all of them together need no more memory than one run may.
    const int MostKept = 4;

    readonly OnnxModel model;
    readonly bool fixedSize;
    readonly Lazy<int> stride;
    readonly Lock gate = new();
    // The most recently used at the end.
    readonly List<SegmentationSession> idle = [];
    Tiling? tiling;

    SegmentationModel(OnnxModel model, string place)
    {
        this.model = model;
        if (model.Inputs is not [{ IsFloat: true, Shape: null or [1 or -1, 3 or -1, _, _] }])
            throw new ModelFormatException(place, "is not a segmentation network: one input [1, 3, H, W] was wanted");
        var task = model.Metadata.GetValueOrDefault(SegmentationMetadata.TaskKey, SegmentationMetadata.Task);
        if (task != SegmentationMetadata.Task)
            throw new ModelFormatException(place, $"is a network for {task}; one for segmentation was wanted");
        Metadata = SegmentationMetadata.Read(model.Metadata, place);
        fixedSize = model.Inputs[0].Shape is { } shape && shape[2] > 0 && shape[3] > 0;
        stride = new Lazy<int>(model.Stride);
        var scores = model.Outputs[0] is { IsFloat: true, Shape: [_, > 0 and var classes, _, _] } ? classes : (int?)null;
        if (Metadata.Classes.Count > 0 && scores is { } given && given != Metadata.Classes.Count)
            throw new ModelFormatException(place, $"names {Metadata.Classes.Count} classes, but has scores of {given}");
        ClassCount = scores ?? (Metadata.Classes.Count > 0 ? Metadata.Classes.Count : null);
    }

    /// <summary>Classes, colours and normalisation from the file.</summary>
    public SegmentationMetadata Metadata { get; }

    /// <summary>Names and colours of the classes, by label; empty if the file does not name them.</summary>
    public IReadOnlyList<SegmentationClass> Classes => Metadata.Classes;

    /// <summary>The number of classes; null if the file does not declare it.</summary>
    public int? ClassCount { get; }

    /// <summary>Loads a model from a file.</summary>
    /// <exception cref="ModelFormatException">The file is not an ONNX file, is damaged, is not a segmentation network, or uses something
    /// that is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SegmentationModel Load(string path, RuntimeOptions? options = null) => Of(OnnxModel.Load(path, options), path);

    /// <summary>Loads a model from memory.</summary>
    /// <exception cref="ModelFormatException">The bytes are not an ONNX file, are damaged, are not a segmentation network, or use something
    /// that is not supported.</exception>
    public static SegmentationModel Load(ReadOnlyMemory<byte> file, string name, RuntimeOptions? options = null) =>
        Of(OnnxModel.Load(file, name, options), name);

    /// <summary>
    /// Segments an image at its own size. A network of fixed size gets the image resized, and its scores are resized back. If the whole
    /// image needs more memory than <see cref="RuntimeOptions.MostBytes"/> or than the machine has, it is segmented in overlapping tiles.
    /// </summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="withScores">Whether to return the scores too.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <exception cref="ArgumentException">The buffer has the wrong length; the image has no pixels, is smaller than the network's stride,
    /// or does not fit the network; or the scores do not fit into one array.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public Segmentation Segment(ReadOnlySpan<byte> rgb, int width, int height, bool withScores = false, CancellationToken stop = default)
    {
        Check(rgb.Length, width, height);
        var labels = new byte[width * height];
        var (scores, tiles) = Run(rgb, new(width, height), labels, withScores, stop);
        return new Segmentation(width, height, labels, scores, Classes, tiles);
    }

    /// <summary>Segments an image into the caller's buffer; after the first image of a size, nothing is allocated.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="labels">Receives the class of each pixel: width × height bytes.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <exception cref="ArgumentException">A buffer has the wrong length, or the image has no pixels, is smaller than the network's stride,
    /// or does not fit the network.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public void Segment(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> labels, CancellationToken stop = default) =>
        Segment(rgb, width, height, labels, width, height, stop);

    /// <summary>
    /// Segments an image and returns labels of another size: the scores are resized once, to that size. Not for images that need tiles.
    /// </summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="labels">Receives the labels: labelWidth × labelHeight bytes.</param>
    /// <param name="labelWidth">Columns of the labels.</param>
    /// <param name="labelHeight">Rows of the labels.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <inheritdoc cref="Segment(ReadOnlySpan{byte}, int, int, Span{byte}, CancellationToken)"/>
    public void Segment(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> labels, int labelWidth, int labelHeight,
        CancellationToken stop = default)
    {
        Check(rgb.Length, width, height);
        if (labelWidth < 1 || labelHeight < 1 || labels.Length != (long)labelWidth * labelHeight)
            throw new ArgumentException($"a buffer of {labels.Length} labels for {labelWidth}×{labelHeight} pixels; "
                + $"{(long)labelWidth * labelHeight} were wanted, at least 1");
        Run(rgb, new(width, height, labelWidth, labelHeight), labels, withScores: false, stop);
    }

    /// <summary>
    /// Plans the network for a size of image and runs it once, so that the first image of that size takes no longer than the next.
    /// </summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentException">The image has no pixels, is smaller than the network's stride, or does not fit the
    /// network.</exception>
    public void WarmUp(int width, int height)
    {
        Check(null, width, height);
        var sizes = new SegmentationSizes(width, height);
        var session = Take(sizes) ?? Take(Tiles(sizes).TileSizes)!;
        try
        {
            session.Run(new byte[3 * session.Sizes.Width * session.Sizes.Height], session.Sizes.Width, default);
        }
        finally
        {
            Keep(session);
        }
    }

    /// <summary>Ends the model's threads, unless they belong to a shared pool, and releases the memory of its runs.</summary>
    public void Dispose()
    {
        model.Dispose();
        lock (gate)
            idle.Clear();
    }

    static SegmentationModel Of(OnnxModel model, string place)
    {
        try
        {
            return new SegmentationModel(model, place);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    static void Check(int? bytes, int width, int height)
    {
        if (width < 1 || height < 1 || (long)width * height * 3 > Array.MaxLength)
            throw new ArgumentException($"an image of {width}×{height} pixels; from 1×1 up to {Array.MaxLength / 3} pixels were wanted");
        if (bytes is { } given && given != 3 * width * height)
            throw new ArgumentException($"{given} bytes for an image of {width}×{height} pixels; {3 * width * height} were wanted");
    }

    (float[]? Scores, int Tiles) Run(ReadOnlySpan<byte> rgb, SegmentationSizes sizes, Span<byte> labels, bool withScores,
        CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var known = Volatile.Read(ref tiling);
        if (known is not { } cut || cut.Width != sizes.Width || cut.Height != sizes.Height)
        {
            if (Take(sizes) is { } session)
                try
                {
                    session.Run(rgb, sizes.Width, stop);
                    session.Labels.CopyTo(labels);
                    return (withScores ? session.Scores() : null, 1);
                }
                finally
                {
                    Keep(session);
                }
            cut = Tiles(sizes);
        }
        if (sizes.LabelWidth != sizes.Width || sizes.LabelHeight != sizes.Height)
            throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels is segmented in tiles, "
                + $"which give labels of its own size only; {sizes.LabelWidth}×{sizes.LabelHeight} were wanted");
        return (RunTiles(rgb, cut, labels, withScores, stop), cut.Count);
    }

    float[]? RunTiles(ReadOnlySpan<byte> rgb, Tiling cut, Span<byte> labels, bool withScores, CancellationToken stop)
    {
        float[]? scores = null;
        var session = Take(cut.TileSizes)!;
        try
        {
            for (var k = 0; k < cut.Count; k++)
            {
                var tile = cut[k];
                session.Run(rgb[(3 * ((tile.Top * cut.Width) + tile.Left))..], cut.Width, stop);
                tile.Copy(session.Labels, cut.TileWidth, labels, cut.Width);
                if (!withScores)
                    continue;
                var (part, area) = (session.Scores(), session.Labels.Length);
                var classes = part.Length / area;
                if ((long)classes * labels.Length > Array.MaxLength)
                    throw new ArgumentException($"{classes} scores for each of {cut.Width}×{cut.Height} pixels do not fit one array; "
                        + "use the overload without scores");
                scores ??= new float[classes * labels.Length];
                for (var c = 0; c < classes; c++)
                    tile.Copy<float>(part.AsSpan(c * area, area), cut.TileWidth, scores.AsSpan(c * labels.Length, labels.Length),
                        cut.Width);
            }
            return scores;
        }
        finally
        {
            Keep(session);
        }
    }

    /// <summary>The largest tiles of an image that fit into the allowed memory.</summary>
    Tiling Tiles(SegmentationSizes sizes)
    {
        for (var cut = Tiling.Whole(sizes.Width, sizes.Height).Smaller(); cut is not null; cut = cut.Smaller())
            if (Take(cut.TileSizes) is { } session)
            {
                Keep(session);
                Volatile.Write(ref tiling, cut);
                return cut;
            }
        throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels: "
            + "even its smallest tiles need more memory than a run may take or the machine has; "
            + $"allow more ({nameof(RuntimeOptions)}.{nameof(RuntimeOptions.MostBytes)})");
    }

    void Keep(SegmentationSession session)
    {
        lock (gate)
        {
            idle.Add(session);
            var bytes = 0L;
            for (var k = idle.Count - 1; k >= 0; k--)
                if ((bytes += idle[k].Bytes) > model.MostBytes || idle.Count - k > Math.Max(MostKept, model.Pool.Threads))
                {
                    idle.RemoveRange(0, Math.Min(k + 1, idle.Count - 1));
                    break;
                }
        }
    }

    /// <summary>
    /// A session for images of this size, for the caller alone; null if it needs more memory than allowed or than the machine has.
    /// </summary>
    SegmentationSession? Take(SegmentationSizes sizes)
    {
        lock (gate)
            for (var k = idle.Count - 1; k >= 0; k--)
                if (idle[k] is var session && session.Sizes == sizes)
                {
                    idle.RemoveAt(k);
                    return session;
                }
        var declared = model.Inputs[0].Shape;
        var (rows, columns) = fixedSize ? (declared![2], declared[3]) : (sizes.Height, sizes.Width);
        // An image at least as large as the largest stride fits every network; only smaller ones need the network's own stride.
        if (!fixedSize && Math.Min(rows, columns) < OnnxModel.LargestStride && Math.Min(rows, columns) < stride.Value)
            throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels is smaller than "
                + $"the stride of the network, {stride.Value} pixels; enlarge it, or give it a border");
        try
        {
            return new SegmentationSession(model.Open([1, 3, rows, columns]), Metadata, model.Pool, sizes, rows, columns);
        }
        // Memory the machine lacks counts as not allowed.
        catch (Exception error) when (!fixedSize && error is (OutOfMemoryException or ModelFormatException { IsTooLarge: true }))
        {
            return null;
        }
        catch (ModelFormatException error)
        {
            // The file itself was accepted; only this size does not fit.
            var problem = $"an image of {sizes.Width}×{sizes.Height} pixels does not fit the network: {error.Message}";
            throw new ArgumentException(problem, error);
        }
    }
}
