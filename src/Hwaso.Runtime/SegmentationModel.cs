using Hwaso.Runtime.Format;

namespace Hwaso.Runtime;

/// <summary>
/// A segmentation network from an ONNX file: images in, labels out. Any number of threads may use one model at the same time.
/// </summary>
public sealed class SegmentationModel : IDisposable
{
    const int Colours = 3;
    readonly OnnxModel model;
    readonly InputLayout layout;
    readonly SegmentationOptions options;
    readonly bool fixedSize;
    readonly Lazy<int> stride;
    readonly IdleSessions idle;
    Tiling? tiling;

    SegmentationModel(OnnxModel model, SegmentationOptions options, string place)
    {
        (this.model, this.options, idle) = (model, options, new(model));
        var task = model.Metadata.GetValueOrDefault(SegmentationMetadata.TaskKey, SegmentationMetadata.Task);
        if (task != SegmentationMetadata.Task)
            throw new ModelFormatException(place, $"is a network for {task}; one for segmentation was wanted");
        if (model.Metadata.ContainsKey(ModelMetadata.Queries))
            throw new ModelFormatException(place, "answers with classes and masks of queries, for instances and panoptic segments; for "
                + "labels export the network without --queries, for the others say --as instances or --as panoptic");
        layout = InputLayout.Of(model.Inputs, place);
        Metadata = SegmentationMetadata.Read(model.Metadata, place, options, layout.Channels, model.Inputs[0].IsFloat);
        var isOurs = model.Metadata.ContainsKey(SegmentationMetadata.TaskKey);
        TakesColours = layout.Channels is 1 or Colours || (layout.Channels == Colours + 1 && !isOurs);
        if (layout.Channels != Colours && !isOurs)
            Assume($"the network has {layout.Channels} channel{(layout.Channels == 1 ? "" : "s")}; it gets {layout.Text}");
        fixedSize = layout is { Height: not null, Width: not null };
        stride = new Lazy<int>(model.Stride);
        var output = Output(place);
        var scores = output is { Classes: > 0 } ? output.Classes : (int?)null;
        if (Metadata.Classes.Count > 0 && scores is { } given && given != Metadata.Classes.Count)
            throw new ModelFormatException(place, $"names {Metadata.Classes.Count} classes, but has scores of {given}");
        CheckThreshold(output);
        if (output is { IsAssumed: true })
            Assume($"its output of {output.Classes} × {output.Height} × {output.Width} fits both orders; [1, K, h, w] is assumed");
        var single = output is null && !model.Last.IsCut && IsSingle(model.Outputs[0].Shape) ? OutputLayout.Read(model.Last.Type) : null;
        if ((output?.One ?? single) is { } one and not OneChannel.Label && Metadata.OneChannel is null)
            Assume($"its single channel is read as a {(one == OneChannel.Logit ? "logit" : "probability")}, because {model.Last.Type} "
                + "makes it");
        ClassCount = scores ?? (Metadata.Classes.Count > 0 ? Metadata.Classes.Count : null);
    }

    /// <summary>Classes, colours and normalisation from the file.</summary>
    public SegmentationMetadata Metadata { get; private set; }

    /// <summary>Names and colours of the classes, by label; empty if the file does not name them.</summary>
    public IReadOnlyList<SegmentationClass> Classes => Metadata.Classes;

    /// <summary>Channels of the images that the network takes.</summary>
    public int Channels => layout.Channels;

    /// <summary>
    /// Whether the network takes colour images: one of three channels; of one, which gets gray by ITU-R BT.601; of four that Hwaso did not
    /// export, which gets an opaque alpha.
    /// </summary>
    public bool TakesColours { get; }

    /// <summary>The number of classes; null if the output is labels and the file does not name the classes.</summary>
    public int? ClassCount { get; }

    /// <summary>
    /// The least height and width of images: the stride of the network's smallest feature map; 1 for a network of fixed size, which gets
    /// images resized.
    /// </summary>
    public int LeastSize => fixedSize ? 1 : stride.Value;

    /// <summary>Whether an image is at least of <see cref="LeastSize"/>.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    // An image at least as large as the largest stride fits every network; only smaller ones need the network's own stride.
    public bool Takes(int width, int height) =>
        fixedSize || Math.Min(width, height) >= OnnxModel.LargestStride || Math.Min(width, height) >= stride.Value;

    /// <summary>Loads a model from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to compute; null for the defaults.</param>
    /// <param name="known">What the caller knows of the network; null for nothing.</param>
    /// <exception cref="ModelFormatException">The file is not an ONNX file, is damaged, is not a segmentation network, or uses something
    /// that is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">What is known does not fit the network.</exception>
    public static SegmentationModel Load(string path, RuntimeOptions? options = null, SegmentationOptions? known = null) =>
        Of(OnnxModel.Load(path, options), path, known);

    /// <summary>Loads a model from memory.</summary>
    /// <param name="file">The bytes of the file; they are not used after the call.</param>
    /// <param name="name">The name to use in messages.</param>
    /// <param name="options">How to compute; null for the defaults.</param>
    /// <param name="known">What the caller knows of the network; null for nothing.</param>
    /// <exception cref="ModelFormatException">The bytes are not an ONNX file, are damaged, are not a segmentation network, or use something
    /// that is not supported.</exception>
    /// <exception cref="ArgumentException">What is known does not fit the network.</exception>
    public static SegmentationModel Load(
        ReadOnlyMemory<byte> file, string name, RuntimeOptions? options = null, SegmentationOptions? known = null) =>
        Of(OnnxModel.Load(file, name, options), name, known);

    /// <summary>Segments images with a model that is loaded already; disposing the result disposes the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">The name to use in messages.</param>
    /// <param name="known">What the caller knows of the network; null for nothing.</param>
    /// <exception cref="ModelFormatException">The model is not a segmentation network.</exception>
    /// <exception cref="ArgumentException">What is known does not fit the network.</exception>
    public static SegmentationModel Over(OnnxModel model, string name, SegmentationOptions? known = null) =>
        new(model, known ?? new SegmentationOptions(), name);

    /// <summary>
    /// Segments an image at its own size. A network of fixed size gets the image resized, and its scores are resized back. If the whole
    /// image needs more memory than <see cref="RuntimeOptions.MostBytes"/> or than the machine has, it is segmented in overlapping tiles.
    /// </summary>
    /// <param name="rgb">
    /// Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes; or, of a network of other channels, the
    /// channels of each pixel: <see cref="Channels"/> × width × height bytes.
    /// </param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="withScores">Whether to return the scores too.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <exception cref="ArgumentException">The buffer has the wrong length; the image has no pixels, is smaller than the network's stride,
    /// or does not fit the network; or the scores do not fit into one array.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public Segmentation Segment(ReadOnlySpan<byte> rgb, int width, int height, bool withScores = false, CancellationToken stop = default) =>
        Segment(new Pixels(rgb, default, ChannelsOf(rgb.Length, width, height)), width, height, withScores, stop);

    /// <summary>Segments an image of 16 bits a channel at its own size; 65535 is what 255 is in 8 bits.</summary>
    /// <param name="values">
    /// The channels of each pixel, row by row from the top: <see cref="Channels"/> × width × height values; or red, green and blue where
    /// the network <see cref="TakesColours"/>.
    /// </param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="withScores">Whether to return the scores too.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <inheritdoc cref="Segment(ReadOnlySpan{byte}, int, int, bool, CancellationToken)"/>
    public Segmentation SegmentDeep(
        ReadOnlySpan<ushort> values, int width, int height, bool withScores = false, CancellationToken stop = default) =>
        Segment(new Pixels(default, values, ChannelsOf(values.Length, width, height)), width, height, withScores, stop);

    Segmentation Segment(Pixels pixels, int width, int height, bool withScores, CancellationToken stop)
    {
        var labels = new byte[width * height];
        var (scores, tiles) = Run(pixels, new(width, height), labels, withScores, stop);
        return new Segmentation(width, height, labels, scores, Classes, tiles);
    }

    /// <summary>Segments an image into the caller's buffer; after the first image of a size, nothing is allocated.</summary>
    /// <param name="rgb">
    /// Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes; or, of a network of other channels, the
    /// channels of each pixel: <see cref="Channels"/> × width × height bytes.
    /// </param>
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
    /// <param name="rgb">
    /// Red, green and blue of each pixel, row by row from the top: 3 × width × height bytes; or, of a network of other channels, the
    /// channels of each pixel: <see cref="Channels"/> × width × height bytes.
    /// </param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="labels">Receives the labels: labelWidth × labelHeight bytes.</param>
    /// <param name="labelWidth">Columns of the labels.</param>
    /// <param name="labelHeight">Rows of the labels.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <inheritdoc cref="Segment(ReadOnlySpan{byte}, int, int, Span{byte}, CancellationToken)"/>
    public void Segment(ReadOnlySpan<byte> rgb, int width, int height, Span<byte> labels, int labelWidth, int labelHeight,
        CancellationToken stop = default) =>
        Segment(new Pixels(rgb, default, ChannelsOf(rgb.Length, width, height)), new(width, height, labelWidth, labelHeight), labels, stop);

    /// <summary>Segments an image of 16 bits a channel and returns labels of another size.</summary>
    /// <param name="values">The channels of each pixel, as for the overload that returns a segmentation.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="labels">Receives the labels: labelWidth × labelHeight bytes.</param>
    /// <param name="labelWidth">Columns of the labels.</param>
    /// <param name="labelHeight">Rows of the labels.</param>
    /// <param name="stop">Cancels the run between two steps.</param>
    /// <inheritdoc cref="Segment(ReadOnlySpan{byte}, int, int, Span{byte}, CancellationToken)"/>
    public void SegmentDeep(ReadOnlySpan<ushort> values, int width, int height, Span<byte> labels, int labelWidth, int labelHeight,
        CancellationToken stop = default) =>
        Segment(new Pixels(default, values, ChannelsOf(values.Length, width, height)), new(width, height, labelWidth, labelHeight), labels,
            stop);

    void Segment(Pixels pixels, SegmentationSizes sizes, Span<byte> labels, CancellationToken stop)
    {
        var (labelWidth, labelHeight) = (sizes.LabelWidth, sizes.LabelHeight);
        if (labelWidth < 1 || labelHeight < 1 || labels.Length != (long)labelWidth * labelHeight)
            throw new ArgumentException($"a buffer of {labels.Length} labels for {labelWidth}×{labelHeight} pixels; "
                + $"{(long)labelWidth * labelHeight} were wanted, at least 1");
        Run(pixels, sizes, labels, withScores: false, stop);
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
        CheckSize(width, height);
        var sizes = new SegmentationSizes(width, height);
        var session = Take(sizes) ?? Take(Tiles(sizes).TileSizes)!;
        try
        {
            session.Run(new Pixels(new byte[Channels * session.Sizes.Width * session.Sizes.Height], default, Channels),
                session.Sizes.Width, default);
        }
        finally
        {
            idle.Keep(session);
        }
    }

    /// <summary>The numbers that the network gets for an image of 8 bits a channel, and their sizes.</summary>
    /// <exception cref="ArgumentException">The network takes no such image, or no floating-point numbers.</exception>
    public (float[] Numbers, int[] Shape) InputOf(ReadOnlySpan<byte> rgb, int width, int height)
    {
        var (rows, columns) = (layout.Height ?? height, layout.Width ?? width);
        var numbers = Opened(new(width, height), rows, columns).InputOf(new(rgb, default, ChannelsOf(rgb.Length, width, height)), width);
        return (numbers, layout.Shape(rows, columns));
    }

    /// <summary>Ends the model's threads, unless they belong to a shared pool, and releases the memory of its runs.</summary>
    public void Dispose()
    {
        model.Dispose();
        idle.Clear();
    }

    static SegmentationModel Of(OnnxModel model, string place, SegmentationOptions? known)
    {
        try
        {
            return Over(model, place, known);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    // What the output is, as far as it is known before an image.
    OutputLayout? Output(string place)
    {
        var (rows, columns) = (layout.Height ?? 2 * OnnxModel.LargestStride, layout.Width ?? 2 * OnnxModel.LargestStride);
        var computed = model.OutputShape(0, layout.Shape(rows, columns));
        var shape = computed ?? (model.Outputs[0].Shape is { } declared && !declared.Contains(-1) ? [.. declared] : null);
        if (shape is null)
            return null;
        try
        {
            return OutputLayout.Of(shape, model.Outputs[0].IsFloat, rows, columns,
                Metadata.Classes.Count > 0 ? Metadata.Classes.Count : null, model.Last, Metadata.OneChannel, new(columns, rows));
        }
        // What a file declares may be wrong; the first image reports that, with its size.
        catch (ArgumentException error)
        {
            return computed is null ? null : throw new ModelFormatException(
                place, error.Message + (model.Outputs.Count > 1 ? $"; it is the first of {model.Outputs.Count} outputs" : ""));
        }
    }

    void Assume(string what) => Metadata = Metadata with { Assumptions = [.. Metadata.Assumptions, what] };

    // A single channel of sizes that only a run tells.
    static bool IsSingle(IReadOnlyList<int>? declared) => declared is [_, 1, _, _] or [_, _, _, 1];

    void CheckSize(int width, int height)
    {
        var most = Array.MaxLength / Math.Max(Colours, Channels);
        if (width < 1 || height < 1 || (long)width * height > most)
            throw new ArgumentException($"an image of {width}×{height} pixels; from 1×1 up to {most} pixels were wanted");
    }

    /// <summary>Values of a pixel, of an image that the network takes.</summary>
    int ChannelsOf(int values, int width, int height)
    {
        CheckSize(width, height);
        var pixels = width * height;
        if (values == pixels * Channels)
            return Channels;
        if (values == pixels * Colours && TakesColours)
            return Colours;
        throw new ArgumentException(values % pixels == 0 && values > 0
            ? $"an image of {values / pixels} channels; the network takes images of {Channels}{(TakesColours ? " or 3" : "")}"
            : $"{values} values for an image of {width}×{height} pixels; {pixels * Channels} were wanted");
    }

    (float[]? Scores, int Tiles) Run(Pixels pixels, SegmentationSizes sizes, Span<byte> labels, bool withScores,
        CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var known = Volatile.Read(ref tiling);
        if (known is not { } cut || cut.Width != sizes.Width || cut.Height != sizes.Height)
        {
            if (Take(sizes) is { } session)
                try
                {
                    session.Run(pixels, sizes.Width, stop);
                    session.Labels.CopyTo(labels);
                    return (withScores ? session.Scores() : null, 1);
                }
                finally
                {
                    idle.Keep(session);
                }
            cut = Tiles(sizes);
        }
        if (sizes.LabelWidth != sizes.Width || sizes.LabelHeight != sizes.Height)
            throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels is segmented in tiles, "
                + $"which give labels of its own size only; {sizes.LabelWidth}×{sizes.LabelHeight} were wanted");
        return (RunTiles(pixels, cut, labels, withScores, stop), cut.Count);
    }

    float[]? RunTiles(Pixels pixels, Tiling cut, Span<byte> labels, bool withScores, CancellationToken stop)
    {
        float[]? scores = null;
        var session = Take(cut.TileSizes)!;
        try
        {
            for (var k = 0; k < cut.Count; k++)
            {
                var tile = cut[k];
                session.Run(pixels.From((tile.Top * cut.Width) + tile.Left), cut.Width, stop);
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
            idle.Keep(session);
        }
    }

    /// <summary>The largest tiles of an image that fit into the allowed memory.</summary>
    Tiling Tiles(SegmentationSizes sizes)
    {
        for (var cut = Tiling.Whole(sizes.Width, sizes.Height, stride.Value).Smaller(); cut is not null; cut = cut.Smaller())
            if (TakeTile(cut.TileSizes, sizes) is { } session)
            {
                idle.Keep(session);
                Volatile.Write(ref tiling, cut);
                return cut;
            }
        throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels: "
            + "even its smallest tiles need more memory than a run may take or the machine has; "
            + $"allow more ({nameof(RuntimeOptions)}.{nameof(RuntimeOptions.MostBytes)})");
    }

    SegmentationSession? TakeTile(SegmentationSizes tile, SegmentationSizes image)
    {
        try
        {
            return Take(tile);
        }
        catch (ArgumentException error)
        {
            throw new ArgumentException(
                $"an image of {image.Width}×{image.Height} pixels needs too much memory as a whole, and its tiles of "
                + $"{tile.Width}×{tile.Height} do not fit the network: {error.Message}; "
                + $"allow more memory ({nameof(RuntimeOptions)}.{nameof(RuntimeOptions.MostBytes)})", error);
        }
    }

    SegmentationSession Opened(SegmentationSizes sizes, int rows, int columns) =>
        new(model.Open(layout.Shape(rows, columns)), Metadata, layout, model.Inputs[0].Type, model.Pool, model.Kernels, sizes, rows,
            columns,
            (shape, isFloat) => CheckThreshold(OutputLayout.Of(
                shape, isFloat, rows, columns, Metadata.Classes.Count > 0 ? Metadata.Classes.Count : null,
                model.Last, Metadata.OneChannel, sizes))!);

    OutputLayout? CheckThreshold(OutputLayout? output) => options.Threshold is not { } threshold || output is null
        || output.One is OneChannel.Logit or OneChannel.Probability ? output
        : throw new ArgumentException(FormattableString.Invariant($"threshold {threshold}: the network's output is ")
            + (output.Classes > 0 ? $"{output.Classes} scores for each pixel, of which the greatest decides" : "labels")
            + "; leave the threshold out, which is for networks of one output channel");

    /// <summary>
    /// A session for images of this size, for the caller alone; null if it needs more memory than allowed or than the machine has.
    /// </summary>
    SegmentationSession? Take(SegmentationSizes sizes)
    {
        if (idle.Take(sizes) is { } session)
            return session;
        var (rows, columns) = (layout.Height ?? sizes.Height, layout.Width ?? sizes.Width);
        if (!Takes(sizes.Width, sizes.Height))
            throw new ArgumentException($"an image of {sizes.Width}×{sizes.Height} pixels is smaller than "
                + $"the stride of the network, {stride.Value} pixels; enlarge it, or give it a border");
        try
        {
            return Opened(sizes, rows, columns);
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
