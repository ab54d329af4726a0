using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Runtime;
using Hwaso.Torch;

namespace Hwaso.Cli.Verbs;

/// <summary>What labels images: an exported network on Hwaso.Runtime, or a run's on either engine.</summary>
sealed class Labeller : IDisposable
{
    readonly IDisposable owner;
    readonly Func<RgbImage, int, int, IReadOnlyList<(byte Left, byte Right)>, LabelMap> label;

    Labeller(IDisposable owner, Func<RgbImage, int, int, IReadOnlyList<(byte Left, byte Right)>, LabelMap> label, string source, string engine, int? classCount, IEnumerable<ClassEntry> classes)
    {
        (this.owner, this.label, Source, Engine, ClassCount, Classes) = (owner, label, source, engine, classCount, [.. classes]);
        FlipPairs = Classes.Select(c => c.Name).SequenceEqual(ClassList.Lip.Names) ? ClassList.Lip.FlipPairs : [];
    }

    /// <summary>The file that the network is from.</summary>
    public string Source { get; }

    /// <summary>What computes.</summary>
    public string Engine { get; }

    /// <summary>How many classes it tells apart; null where it does not say.</summary>
    public int? ClassCount { get; }

    /// <summary>Its classes; empty where it does not know them.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; }

    /// <summary>Classes that change places in a mirrored image; those of the network's own data set where it names one that has any.</summary>
    public IReadOnlyList<(byte Left, byte Right)> FlipPairs { get; set; }

    /// <summary>Opens a run folder, a checkpoint, or an exported network.</summary>
    /// <param name="source">Which.</param>
    /// <param name="views">How it is asked.</param>
    /// <param name="context">Device, threads.</param>
    /// <param name="deploy">Whether a run's network is exported in memory and asked on Hwaso.Runtime where that can be: on a processor, on whole images.</param>
    /// <exception cref="UsageException">An exported network cannot be asked in this way.</exception>
    public static Labeller Open(string source, ViewArguments views, VerbContext context, bool deploy)
    {
        if (IsExported(source))
            return OfExported(source, views, context);
        var device = context.UseTorch();
        if (deploy && views.IsPlain && device.Type == DeviceType.Cpu)
            using (var network = LoadedNetwork.Open(source, device))
                if (DeployedNetwork.Of(network, context) is { } deployed)
                    return OfModel(deployed, network.Source, network.Classes, context);
        return OfRun(source, views.Options, device);
    }

    /// <summary>Gives an image's labels at its own size.</summary>
    public LabelMap Label(RgbImage image) => label(image, image.Height, image.Width, FlipPairs);

    /// <summary>Gives an image's labels at a height and width.</summary>
    public LabelMap Label(RgbImage image, int height, int width) => label(image, height, width, FlipPairs);

    /// <summary>Whether a source is an exported network.</summary>
    public static bool IsExported(string source) => source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Frees the network.</summary>
    public void Dispose() => owner.Dispose();

    static Labeller OfRun(string source, InferenceOptions options, Device device)
    {
        var network = LoadedNetwork.Open(source, device);
        return new Labeller(
            network,
            (image, height, width, pairs) => new Segmenter(network.Net, network.Normalisation, options with { FlipPairs = pairs }).Label(image, height, width),
            network.Source, "libtorch", network.Net.Classes, network.Classes);
    }

    static Labeller OfExported(string source, ViewArguments views, VerbContext context)
    {
        if (!views.IsPlain)
            throw new UsageException($"{(views.Crop is not null ? "--crop" : views.Protocol is not null ? "--protocol" : "--scales, --flip")}: {source} is an exported network, which is asked on whole images; leave it out, or ask the run it came from");
        if (context.Device is not (null or "cpu"))
            throw new UsageException($"--device {context.Device}: {source} is an exported network, which runs on the processor; leave it out");
        if (!File.Exists(source))
            throw new FileNotFoundException($"{source}: no such file");
        var model = SegmentationModel.Load(source, DeployedNetwork.Options(context));
        return OfModel(model, source, model.Classes.Select(c => new ClassEntry(c.Name, c.R, c.G, c.B)), context);
    }

    static Labeller OfModel(SegmentationModel model, string source, IEnumerable<ClassEntry> classes, VerbContext context) =>
        new(model, (image, height, width, _) => DeployedNetwork.Label(model, image, height, width, context), source, "Hwaso.Runtime", model.ClassCount, classes);
}
