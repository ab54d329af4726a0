using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Models;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;
using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>Segments images: gives the class of every pixel, with a trained network, on libtorch or on Hwaso.Runtime.</summary>
public sealed class Segmenter : IDisposable
{
    readonly ISegmentation segmentation;

    Segmenter(ISegmentation segmentation, string source, IEnumerable<ClassEntry> classes)
    {
        (this.segmentation, Source, Classes) = (segmentation, source, [.. classes]);
        if (Classes.Select(c => c.Name).SequenceEqual(ClassList.Lip.Names))
            FlipPairs = ClassList.Lip.FlipPairs;
    }

    /// <summary>The weight file or the exported network; empty for a network in memory.</summary>
    public string Source { get; }

    /// <summary>The engine: <c>libtorch</c> or <c>Hwaso.Runtime</c>.</summary>
    public string Engine => segmentation.Engine;

    /// <summary>Channels of the images that the network takes.</summary>
    public int Channels => segmentation.Channels;

    /// <summary>K; null where an exported network does not say.</summary>
    public int? ClassCount => segmentation.ClassCount;

    /// <summary>Names and colours of the classes; empty where the file does not say.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; }

    /// <summary>The classes' colours; PASCAL VOC's where the file names no classes.</summary>
    public Palette Palette => Classes.Count > 0 ? Palette.FromColors([.. Classes.Select(c => (c.R, c.G, c.B))]) : Palette.Voc;

    /// <summary>Classes that change places in a mirrored image; LIP's for a network of LIP's classes, else those of the views.</summary>
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs
    {
        get => segmentation.FlipPairs;
        set => segmentation.FlipPairs = value;
    }

    /// <summary>Opens a run folder, a checkpoint that Hwaso wrote, or an exported network.</summary>
    /// <param name="source">The folder, the <c>.safetensors</c> file or the <c>.onnx</c> file.</param>
    /// <param name="options">Engine, device, threads and views; null for the usual.</param>
    /// <exception cref="FileNotFoundException">There is no such file, or no weights in the folder.</exception>
    /// <exception cref="ArgumentException">The network is not for segmentation, or cannot compute as the options say.</exception>
    /// <exception cref="Checkpoints.CheckpointException">The checkpoint is damaged, or does not say what network it is of.</exception>
    /// <exception cref="ModelFormatException">
    /// The exported network is damaged, or needs something that Hwaso.Runtime does not have.
    /// </exception>
    public static Segmenter Open(string source, SegmenterOptions? options = null)
    {
        options ??= new SegmenterOptions();
        options.Views.Check();
        return IsExported(source) ? OfExported(source, options) : OfModel(source, options);
    }

    /// <summary>A segmenter of a network in memory, on libtorch; the network's weights stay the caller's.</summary>
    /// <param name="net">The network; put into evaluation mode.</param>
    /// <param name="normalisation">The normalisation of its images in training; null for ImageNet's.</param>
    /// <param name="views">How it looks at an image; null: once and whole.</param>
    /// <param name="classes">Names and colours of its classes, if they are known.</param>
    /// <param name="threshold">
    /// The probability above which a pixel is of the second class, above 0 and below 1, for a network of one output channel; null: ½.
    /// </param>
    /// <exception cref="ArgumentException">The views do not fit each other, or the threshold does not fit the network.</exception>
    public static Segmenter Of(
        SegmentationNet net, Normalisation? normalisation = null, Views? views = null, IReadOnlyList<ClassEntry>? classes = null,
        double? threshold = null)
    {
        ArgumentNullException.ThrowIfNull(net);
        CheckThreshold("the network", threshold, net.Classes == ModelRecipe.OneChannel);
        views ??= new Views();
        views.Check();
        var segmentation = new TorchSegmentation(
            net, normalisation ?? Normalisation.ImageNet, views, threshold ?? LoadedModel.UsualThreshold, owner: null);
        return new Segmenter(segmentation, "", classes ?? []);
    }

    /// <summary>Whether a path names an exported network, by its ending <c>.onnx</c>.</summary>
    public static bool IsExported(string source) => source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>The class of every pixel, at the image's own size.</summary>
    /// <param name="image">The image.</param>
    /// <param name="stop">Ends the work early, on Hwaso.Runtime.</param>
    /// <exception cref="ArgumentException">The image is smaller than the network's stride, or does not fit the network.</exception>
    /// <exception cref="TorchException">libtorch refuses the image, or lacks memory.</exception>
    public LabelMap Segment(RgbImage image, CancellationToken stop = default) => Segment(new ChannelImage(image), stop);

    /// <summary>The class of every pixel of an image that is to have another size: its scores are resized.</summary>
    /// <param name="image">The image.</param>
    /// <param name="height">Height of the label map.</param>
    /// <param name="width">Width of the label map.</param>
    /// <param name="stop">Ends the work early, on Hwaso.Runtime.</param>
    /// <inheritdoc cref="Segment(RgbImage, CancellationToken)"/>
    public LabelMap Segment(RgbImage image, int height, int width, CancellationToken stop = default) =>
        Segment(new ChannelImage(image), height, width, stop);

    /// <summary>The class of every pixel of an image of any number of channels, at the image's own size.</summary>
    /// <param name="image">The image, of <see cref="Channels"/> channels; an exported network of 1 or 4 takes colours too.</param>
    /// <param name="stop">Ends the work early, on Hwaso.Runtime.</param>
    /// <inheritdoc cref="Segment(RgbImage, CancellationToken)"/>
    public LabelMap Segment(ChannelImage image, CancellationToken stop = default) => Segment(image, image.Height, image.Width, stop);

    /// <summary>The class of every pixel of an image of any number of channels that is to have another size.</summary>
    /// <param name="image">The image, of <see cref="Channels"/> channels; an exported network of 1 or 4 takes colours too.</param>
    /// <param name="height">Height of the label map.</param>
    /// <param name="width">Width of the label map.</param>
    /// <param name="stop">Ends the work early, on Hwaso.Runtime.</param>
    /// <inheritdoc cref="Segment(RgbImage, CancellationToken)"/>
    public LabelMap Segment(ChannelImage image, int height, int width, CancellationToken stop = default) =>
        segmentation.Segment(image, height, width, stop);

    /// <summary>
    /// Reads an image as the network takes it; a file of three channels for an exported network of four is left as it is, which then gets
    /// an opaque alpha.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageFormatException">The file is damaged, of another kind, or has other channels.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public ChannelImage Read(string path)
    {
        const int ColoursAndAlpha = 4;
        if (segmentation is not RuntimeSegmentation { MayAddAlpha: true })
            return ImageFile.ReadChannels(path, Channels);
        return ImageFile.ReadStored(path) is { Channels: ColoursAndAlpha } image ? image : ImageFile.ReadRgb(path);
    }

    /// <summary>Frees the network, unless it is the caller's.</summary>
    public void Dispose() => segmentation.Dispose();

    static Segmenter OfModel(string source, SegmenterOptions options)
    {
        if (options.Threads > 0)
            TorchInfo.Threads = options.Threads;
        TorchInfo.ReserveProducts();
        var device = options.Device ?? Device.Best;
        if (options.Engine == Inference.Engine.Runtime && !(options.Views.IsPlain && device.Type == DeviceType.Cpu))
            throw new ArgumentException(
                $"{source}: Hwaso.Runtime segments whole images, once, on the processor; for {device} or other views use Engine.Libtorch");
        var model = LoadedModel.Open(source, device);
        try
        {
            var net = model.Segmentation;
            CheckThreshold(source, options.Threshold, model.Threshold is not null);
            if (options.Engine != Inference.Engine.Libtorch && options.Views.IsPlain && device.Type == DeviceType.Cpu
                && Exported(model, options) is { } exported)
            {
                model.Dispose();
                return new Segmenter(exported, model.Source, model.Classes);
            }
            var views = options.Views with { PadSmallTo = options.Views.PadSmallTo ?? model.Crop };
            var threshold = options.Threshold ?? model.Threshold ?? LoadedModel.UsualThreshold;
            return new Segmenter(
                new TorchSegmentation(net, model.Normalisation, views, threshold, model), model.Source, model.Classes);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    static void CheckThreshold(string source, double? threshold, bool hasOneChannel)
    {
        if (threshold is not { } given)
            return;
        if (given is not (> 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"threshold {given}: a probability above 0 and below 1 was wanted"));
        if (!hasOneChannel)
            throw new ArgumentException(FormattableString.Invariant($"threshold {given}: {source} has a score for each class, of which ")
                + "the greatest decides; leave the threshold out, which is for networks of one output channel");
    }

    /// <summary>
    /// The network on Hwaso.Runtime; null, with a line in the log that says why, where it cannot be exported and need not be.
    /// </summary>
    static RuntimeSegmentation? Exported(LoadedModel model, SegmenterOptions options)
    {
        try
        {
            var file = Exporter.Make(model, new ExportOptions(DeformConv: true));
            var exported = SegmentationModel.Load(file.Bytes, model.Source, OnRuntime(options), Known(options));
            return new RuntimeSegmentation(exported, options.Views.PadSmallTo ?? model.Crop, options.Log);
        }
        catch (Exception error) when (options.Engine == Inference.Engine.Automatic
            && error is NotSupportedException or ModelFormatException or TorchException { IsOutOfMemory: false })
        {
            options.Log?.Invoke($"libtorch segments the images: the network cannot be exported ({error.Message})");
            return null;
        }
    }

    static Segmenter OfExported(string source, SegmenterOptions options)
    {
        if (options.Engine == Inference.Engine.Libtorch)
            throw new ArgumentException($"{source}: an exported network runs on Hwaso.Runtime; open the run that it came from on libtorch");
        if (!options.Views.IsPlain)
            throw new ArgumentException(
                $"{source}: an exported network sees an image once and whole; leave out scales, mirroring and windows, or open the run "
                    + "that it came from");
        if (options.Device is { Type: not DeviceType.Cpu } device)
            throw new ArgumentException($"{source}: an exported network runs on the processor, not on {device}; leave the device out");
        if (!File.Exists(source))
            throw new FileNotFoundException($"{source}: no such file");
        var model = SegmentationModel.Load(source, OnRuntime(options), Known(options));
        foreach (var assumption in model.Metadata.Assumptions)
            options.Log?.Invoke($"{source}: {assumption}");
        return new Segmenter(
            new RuntimeSegmentation(model, options.Views.PadSmallTo, options.Log), source,
            model.Classes.Select(c => new ClassEntry(c.Name, c.R, c.G, c.B)));
    }

    static SegmentationOptions? Known(SegmenterOptions options) => options.Threshold is not { } threshold ? options.Known
        : (options.Known ?? new SegmentationOptions()) with { Threshold = (float)threshold };

    static RuntimeOptions OnRuntime(SegmenterOptions options) => new() { Threads = options.Threads };
}

/// <summary>A network on one engine.</summary>
interface ISegmentation : IDisposable
{
    /// <summary>The engine's name.</summary>
    string Engine { get; }

    /// <summary>Channels of the images.</summary>
    int Channels { get; }

    /// <summary>K; null where it is not known.</summary>
    int? ClassCount { get; }

    /// <summary>Classes that change places in a mirrored image.</summary>
    IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; set; }

    /// <summary>The class of every pixel, at a size.</summary>
    LabelMap Segment(ChannelImage image, int height, int width, CancellationToken stop);
}
