using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Training.Inference;
using Hwaso.Training.Networks;

namespace Hwaso.Cli.Verbs;

/// <summary>What labels images: a run's network on libtorch, or an exported one on Hwaso.Runtime.</summary>
sealed class Labeller : IDisposable
{
    readonly IDisposable owner;

    Labeller(IDisposable owner, Func<RgbImage, LabelMap> label, IEnumerable<(string Name, byte R, byte G, byte B)> classes)
    {
        (this.owner, Label) = (owner, label);
        (Names, Colors) = ([.. classes.Select(c => c.Name)], [.. classes.Select(c => (c.R, c.G, c.B))]);
    }

    /// <summary>Gives an image's labels.</summary>
    public Func<RgbImage, LabelMap> Label { get; }

    /// <summary>The names of its classes; empty where it does not know them.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The colours of its classes; empty where it does not know them.</summary>
    public IReadOnlyList<(byte R, byte G, byte B)> Colors { get; }

    /// <summary>Opens a run folder, a checkpoint, or an exported network.</summary>
    /// <exception cref="UsageException">An exported network cannot be asked in this way.</exception>
    public static Labeller Open(string source, ViewArguments views, VerbContext context)
    {
        if (!IsExported(source))
        {
            var network = LoadedNetwork.Open(source, context.UseTorch());
            var classes = network.Classes.Select(c => (c.Name, c.R, c.G, c.B)).ToArray();
            var options = views.Options with { FlipPairs = classes.Select(c => c.Name).SequenceEqual(ClassList.Lip.Names) ? ClassList.Lip.FlipPairs : [] };
            return new Labeller(network, image => new Segmenter(network.Net, network.Normalisation, options).Label(image), classes);
        }
        if (!views.IsPlain)
            throw new UsageException($"{(views.Crop is not null ? "--crop" : views.Protocol is not null ? "--protocol" : "--scales, --flip")}: {source} is an exported network, which is asked on whole images; leave it out, or predict with the run it came from");
        if (context.Device is not (null or "cpu"))
            throw new UsageException($"--device {context.Device}: {source} is an exported network, which runs on the processor; leave it out");
        if (!File.Exists(source))
            throw new FileNotFoundException($"{source}: no such file");
        var model = SegmentationModel.Load(source, new RuntimeOptions { Threads = context.ProcessorThreads });
        return new Labeller(
            model,
            image => new LabelMap(image.Width, image.Height, model.Segment(image.Pixels, image.Width, image.Height, stop: context.Cancel).Labels),
            model.Metadata.Classes.Select(c => (c.Name, c.R, c.G, c.B)));
    }

    /// <summary>Whether a source is an exported network.</summary>
    public static bool IsExported(string source) => source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Frees the network.</summary>
    public void Dispose() => owner.Dispose();
}
