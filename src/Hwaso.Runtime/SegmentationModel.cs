using System.Collections.Concurrent;

namespace Hwaso.Runtime;

/// <summary>A segmentation network from an ONNX file: images in, labels out. Any number of threads may use one at the same time.</summary>
public sealed class SegmentationModel : IDisposable
{
    // Sessions kept for sizes that come again; each holds the memory of a run.
    const int MostKept = 4;

    readonly OnnxModel model;
    readonly bool fixedSize;
    readonly ConcurrentQueue<SegmentationSession> idle = new();

    SegmentationModel(OnnxModel model, string place)
    {
        this.model = model;
        if (model.Inputs is not [{ IsFloat: true, Shape: null or [1 or -1, 3 or -1, _, _] }])
            throw new ModelFormatException(place, "is no segmentation network: one input [1, 3, H, W] was wanted");
        if (model.Metadata.GetValueOrDefault(SegmentationMetadata.TaskKey, SegmentationMetadata.Task) is not SegmentationMetadata.Task and var task)
            throw new ModelFormatException(place, $"is a network for {task}; one for segmentation was wanted");
        Metadata = SegmentationMetadata.Read(model.Metadata, place);
        fixedSize = model.Inputs[0].Shape is { } shape && shape[2] > 0 && shape[3] > 0;
    }

    /// <summary>What the file says about its network: classes, colours, normalisation.</summary>
    public SegmentationMetadata Metadata { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">It is no ONNX file, damaged, no segmentation network, or asks for something that is not supported.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SegmentationModel Load(string path, RuntimeOptions? options = null) => Of(OnnxModel.Load(path, options), path);

    /// <summary>Reads a file that is in memory already.</summary>
    /// <exception cref="ModelFormatException">It is no ONNX file, damaged, no segmentation network, or asks for something that is not supported.</exception>
    public static SegmentationModel Load(ReadOnlyMemory<byte> file, string name, RuntimeOptions? options = null) => Of(OnnxModel.Load(file, name, options), name);

    /// <summary>Labels an image: at its own size, or at the network's where that is fixed, then brought back.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="withScores">Whether to give the scores too.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="ArgumentException">The buffer has another length, the image has no pixels or is too small or large for the network.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public Segmentation Segment(ReadOnlySpan<byte> rgb, int width, int height, bool withScores = false, CancellationToken stop = default)
    {
        Check(width, height);
        var labels = new byte[width * height];
        var scores = Run(rgb, width, height, labels, withScores, stop);
        return new Segmentation(width, height, labels, scores);
    }

    /// <summary>Labels an image into memory of the caller's; after the first image of a size nothing is allocated.</summary>
    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="labels">Takes the class of each pixel: width × height bytes.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="ArgumentException">A buffer has another length, the image has no pixels or is too small or large for the network.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Segment(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> labels, CancellationToken stop = default)
    {
        Check(width, height);
        Run(rgb, width, height, labels, withScores: false, stop);
    }

    /// <summary>Plans the network for a size of image and runs it once, so that the first image of that size takes no longer than the others.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentException">The image is too small or large for the network.</exception>
    public void WarmUp(int width, int height)
    {
        Check(width, height);
        Run(new byte[3 * width * height], width, height, new byte[width * height], withScores: false, default);
    }

    /// <summary>Ends its threads, if they are its own.</summary>
    public void Dispose() => model.Dispose();

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

    static void Check(int width, int height)
    {
        if (width < 1 || height < 1 || (long)width * height * 3 > Array.MaxLength)
            throw new ArgumentException($"an image of {width}×{height} pixels; from 1×1 up to {Array.MaxLength / 3} pixels were wanted");
    }

    float[]? Run(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> labels, bool withScores, CancellationToken stop)
    {
        if (rgb.Length != 3 * width * height)
            throw new ArgumentException($"{rgb.Length} bytes of an image of {width}×{height} pixels; {3 * width * height} were wanted");
        if (labels.Length != width * height)
            throw new ArgumentException($"room for {labels.Length} labels of an image of {width}×{height} pixels; {width * height} were wanted");
        var session = Take(width, height);
        try
        {
            session.Run(rgb, labels, stop);
            return withScores ? session.Scores() : null;
        }
        finally
        {
            idle.Enqueue(session);
            while (idle.Count > Math.Max(MostKept, model.Pool.Threads) && idle.TryDequeue(out _))
            {
            }
        }
    }

    SegmentationSession Take(int width, int height)
    {
        for (var tries = idle.Count; tries > 0 && idle.TryDequeue(out var session); tries--)
        {
            if (session.Width == width && session.Height == height)
                return session;
            idle.Enqueue(session);
        }
        var declared = model.Inputs[0].Shape;
        var (rows, columns) = fixedSize ? (declared![2], declared[3]) : (height, width);
        try
        {
            return new SegmentationSession(model.Open([1, 3, rows, columns]), Metadata, model.Pool, width, height, rows, columns);
        }
        catch (ModelFormatException error)
        {
            // The file was read: it is this size that does not fit.
            throw new ArgumentException($"an image of {width}×{height} pixels does not fit the network: {error.Message}", error);
        }
    }
}
