using Hwaso.Runtime.Format;

namespace Hwaso.Runtime;

/// <summary>A segmentation network from an ONNX file: images in, labels out. Any number of threads may use one at the same time.</summary>
public sealed class SegmentationModel : IDisposable
{
    // Sessions kept for sizes that come again, as long as all of them together hold no more than one run may take.
    const int MostKept = 4;

    readonly OnnxModel model;
    readonly bool fixedSize;
    readonly Lazy<int> stride;
    readonly Lock gate = new();
    // The latest at the end.
    readonly List<SegmentationSession> idle = [];
    Tiling? tiling;

    SegmentationModel(OnnxModel model, string place)
    {
        this.model = model;
        if (model.Inputs is not [{ IsFloat: true, Shape: null or [1 or -1, 3 or -1, _, _] }])
            throw new ModelFormatException(place, "is no segmentation network: one input [1, 3, H, W] was wanted");
        if (model.Metadata.GetValueOrDefault(SegmentationMetadata.TaskKey, SegmentationMetadata.Task) is not SegmentationMetadata.Task and var task)
            throw new ModelFormatException(place, $"is a network for {task}; one for segmentation was wanted");
        Metadata = SegmentationMetadata.Read(model.Metadata, place);
        fixedSize = model.Inputs[0].Shape is { } shape && shape[2] > 0 && shape[3] > 0;
        stride = new Lazy<int>(model.Stride);
        var scores = model.Outputs[0] is { IsFloat: true, Shape: [_, > 0 and var classes, _, _] } ? classes : (int?)null;
        if (Metadata.Classes.Count > 0 && scores is { } given && given != Metadata.Classes.Count)
            throw new ModelFormatException(place, $"names {Metadata.Classes.Count} classes, and gives scores of {given}");
        ClassCount = scores ?? (Metadata.Classes.Count > 0 ? Metadata.Classes.Count : null);
    }

    /// <summary>What the file says about its network: classes, colours, normalisation.</summary>
    public SegmentationMetadata Metadata { get; }

    /// <summary>Names and colours of the classes, by label; empty where the file does not say.</summary>
    public IReadOnlyList<SegmentationClass> Classes => Metadata.Classes;

    /// <summary>How many classes the network tells apart; null where the file does not say.</summary>
    public int? ClassCount { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">It is no ONNX file, damaged, no segmentation network, or asks for something that is not supported.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SegmentationModel Load(string path, RuntimeOptions? options = null) => Of(OnnxModel.Load(path, options), path);

    /// <summary>Reads a file that is in memory already.</summary>
    /// <exception cref="ModelFormatException">It is no ONNX file, damaged, no segmentation network, or asks for something that is not supported.</exception>
    public static SegmentationModel Load(ReadOnlyMemory<byte> file, string name, RuntimeOptions? options = null) => Of(OnnxModel.Load(file, name, options), name);

    /// <summary>
    /// Labels an image: at its own size, or at the network's where that is fixed, then brought back; in tiles that overlap where the whole
    /// would take more memory than <see cref="RuntimeOptions.MostBytes"/>, or than there is.
    /// </summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="withScores">Whether to give the scores too.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="ArgumentException">The buffer has another length, the image has no pixels, is smaller than the network's stride or does not fit it, or the scores do not fit one array.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public Segmentation Segment(ReadOnlySpan<byte> rgb, int width, int height, bool withScores = false, CancellationToken stop = default)
    {
        Check(rgb.Length, width, height);
        var labels = new byte[width * height];
        var (scores, tiles) = Run(rgb, new(width, height), labels, withScores, stop);
        return new Segmentation(width, height, labels, scores, Classes, tiles);
    }

    /// <summary>Labels an image into memory of the caller's; after the first image of a size nothing is allocated.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="labels">Takes the class of each pixel: width × height bytes.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="ArgumentException">A buffer has another length, the image has no pixels, is smaller than the network's stride or does not fit it.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Segment(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> labels, CancellationToken stop = default) =>
        Segment(rgb, width, height, labels, width, height, stop);

    /// <summary>Labels an image at another size than its own: the scores are resized once, to that size; an image that is labelled in tiles has its own size only.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="labels">Takes the labels: labelWidth × labelHeight bytes.</param>
    /// <param name="labelWidth">Columns of the labels.</param>
    /// <param name="labelHeight">Rows of the labels.</param>
    /// <param name="stop">Ends it early.</param>
    /// <inheritdoc cref="Segment(ReadOnlySpan{byte}, int, int, Span{byte}, CancellationToken)"/>
    public void Segment(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> labels, int labelWidth, int labelHeight, CancellationToken stop = default)
    {
        Check(rgb.Length, width, height);
        if (labelWidth < 1 || labelHeight < 1 || labels.Length != (long)labelWidth * labelHeight)
            throw new ArgumentException($"room for {labels.Length} labels of {labelWidth}×{labelHeight} pixels; {(long)labelWidth * labelHeight} were wanted, at least 1");
        Run(rgb, new(width, height, labelWidth, labelHeight), labels, withScores: false, stop);
    }

    /// <summary>Plans the network for a size of image and runs it once, so that the first image of that size finds everything ready.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentException">The image has no pixels, is smaller than the network's stride or does not fit it.</exception>
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

    /// <summary>Ends its threads, if they are its own, and frees the memory of its runs.</summary>
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
            throw new ArgumentException($"{given} bytes of an image of {width}×{height} pixels; {3 * width * height} were wanted");
    }

    (float[]? Scores, int Tiles) Run(ReadOnlySpan<byte> rgb, SegmentationSizes sizes, Span<byte> labels, bool withScores, CancellationToken stop)
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
            throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels is labelled in tiles, at its own size only; {sizes.LabelWidth}×{sizes.LabelHeight} labels were asked for");
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
                    throw new ArgumentException($"{classes} scores for each of {cut.Width}×{cut.Height} pixels do not fit one array; ask for labels alone");
                scores ??= new float[classes * labels.Length];
                for (var c = 0; c < classes; c++)
                    tile.Copy<float>(part.AsSpan(c * area, area), cut.TileWidth, scores.AsSpan(c * labels.Length, labels.Length), cut.Width);
            }
            return scores;
        }
        finally
        {
            Keep(session);
        }
    }

    /// <summary>The largest tiles of an image that fit into the memory allowed.</summary>
    Tiling Tiles(SegmentationSizes sizes)
    {
        for (var cut = Tiling.Whole(sizes.Width, sizes.Height).Smaller(); cut is not null; cut = cut.Smaller())
            if (Take(cut.TileSizes) is { } session)
            {
                Keep(session);
                Volatile.Write(ref tiling, cut);
                return cut;
            }
        throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels: not even small tiles of it fit into the memory that there is or that a run may take; allow more ({nameof(RuntimeOptions)}.{nameof(RuntimeOptions.MostBytes)})");
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

    /// <summary>A session for images of some size, which nobody else uses; null where it would take more memory than there is or is allowed.</summary>
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
        // No network's stride is larger: what is as large needs no look at it.
        if (!fixedSize && Math.Min(rows, columns) < OnnxModel.LargestStride && Math.Min(rows, columns) < stride.Value)
            throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels is smaller than the stride of the network, {stride.Value} pixels; enlarge it, or give it a border");
        try
        {
            return new SegmentationSession(model.Open([1, 3, rows, columns]), Metadata, model.Pool, sizes, rows, columns);
        }
        // What the machine does not give is as what is not allowed.
        catch (Exception error) when (!fixedSize && error is (OutOfMemoryException or ModelFormatException { IsTooLarge: true }))
        {
            return null;
        }
        catch (ModelFormatException error)
        {
            // The file was read: it is this size that does not fit.
            throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels does not fit the network: {error.Message}", error);
        }
    }
}
