using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Inference.Boxes;
using Hwaso.Inference.Poses;
using Hwaso.Inference.Queries;
using Hwaso.Runtime;
using Hwaso.Torch;

namespace Hwaso.Cli.Verbs;

/// <summary>The surroundings of every verb: common options, a way to stop, streams to write to.</summary>
/// <param name="Terminal">The streams of results and progress.</param>
/// <param name="Json">Whether results are one JSON object.</param>
/// <param name="Device"><c>cpu</c>, <c>cuda</c>, <c>cuda:N</c>, or null for the default.</param>
/// <param name="Threads">Threads to compute on, or null for all processors.</param>
/// <param name="Cancel">Cancelled by Ctrl-C: finish the step, save, and say how to resume.</param>
sealed record VerbContext(Terminal Terminal, bool Json, string? Device, int? Threads, CancellationToken Cancel)
{
    /// <summary>Threads to compute on: as asked, else one per processor.</summary>
    public int ProcessorThreads => Threads ?? Environment.ProcessorCount;

    /// <summary>The common options that were given, as words of a command line that continues this one.</summary>
    public IEnumerable<string> CommonWords =>
    [
        .. Device is { } device ? ["--device", device] : Array.Empty<string>(),
        .. Threads is { } threads ? ["--threads", $"{threads}"] : Array.Empty<string>(),
    ];

    Device TorchDevice => Device is null ? Torch.Device.Best : Torch.Device.Parse(Device);

    /// <summary>The result: <paramref name="report"/> with <c>--json</c>, else the lines that <paramref name="text"/> writes.</summary>
    public void Result(JsonObject report, Action<TextWriter> text)
    {
        if (Json) JsonOutput.Write(Terminal.Output, report);
        else text(Terminal.Output);
    }

    /// <summary>Sets libtorch's threads as asked and gives the device as asked; a verb that computes begins with it.</summary>
    /// <exception cref="ArgumentException">There is no such GPU.</exception>
    /// <exception cref="TorchException">Memory is limited to less than matrix products take.</exception>
    /// <exception cref="DllNotFoundException">There is no libtorch; the message says what training needs.</exception>
    public Device UseTorch()
    {
        NativeLibraryFile.Prepare(Log);
        TorchInfo.Threads = ProcessorThreads;
        TorchInfo.ReserveProducts();
        if (TorchInfo.OneDnnFault is { } fault)
            Log(fault);
        return TorchDevice;
    }

    /// <summary>Opens the pose network that a verb finds joints with.</summary>
    /// <param name="source">A run folder or a checkpoint, on libtorch, or an exported network, on Hwaso.Runtime.</param>
    /// <param name="settings">Overrides of its recipe.</param>
    /// <exception cref="UsageException">An exported network cannot do what the options ask for.</exception>
    public PoseNetwork OpenPoses(string source, params IReadOnlyList<string> settings)
    {
        if (!Segmenter.IsExported(source))
            return PoseNetwork.Open(source, UseTorch(), settings);
        RefuseDevice(source);
        return PoseNetwork.OpenExported(source, ProcessorThreads, settings);
    }

    /// <summary>Opens a detector; an exported one needs no libtorch.</summary>
    /// <param name="source">A run folder, a checkpoint or an exported network.</param>
    /// <param name="settings">Overrides of the recipe, which an exported network has not.</param>
    public DetectorNetwork OpenDetector(string source, params IReadOnlyList<string> settings)
    {
        if (!Segmenter.IsExported(source))
            return DetectorNetwork.Open(source, UseTorch(), settings);
        RefuseDevice(source);
        return settings.Count == 0 ? DetectorNetwork.OpenExported(source, ProcessorThreads)
            : throw new UsageException($"{settings[0]}: {source} has its limits inside; export the run again after changing them");
    }

    /// <summary>Opens a network with queries for instances and panoptic segments.</summary>
    /// <param name="source">A run folder or a checkpoint, on libtorch, or an exported network, on Hwaso.Runtime.</param>
    public QueryNetwork OpenQueries(string source)
    {
        if (!Segmenter.IsExported(source))
            return QueryNetwork.Open(source, UseTorch());
        RefuseDevice(source);
        return QueryNetwork.OpenExported(source, ProcessorThreads);
    }

    /// <summary>Opens the network that a verb segments images with.</summary>
    /// <param name="source">A run folder, a checkpoint or an exported network.</param>
    /// <param name="views">How it looks at images.</param>
    /// <param name="engine">The engine of a run or a checkpoint.</param>
    /// <param name="known">What is known of an exported network whose file does not say it.</param>
    /// <exception cref="UsageException">An exported network cannot do what the options ask for.</exception>
    public Segmenter OpenSegmenter(string source, ViewArguments views, Engine engine, SegmentationOptions? known = null)
    {
        var exported = Segmenter.IsExported(source);
        if (!exported && known is not null)
            throw new UsageException(
                $"--mean, --std, --range, --one-channel: {source} knows its own; they are for exported networks (.onnx)");
        if (exported && !views.Views.IsPlain)
        {
            var option = views.Crop is not null ? "--crop" : views.Protocol is not null ? "--protocol" : "--scales, --flip";
            throw new UsageException(
                $"{option}: {source} is an exported network, which sees an image once and whole; leave it out, or give the run that it "
                    + "came from");
        }
        if (exported)
            RefuseDevice(source);
        if (!exported)
            NativeLibraryFile.Prepare(Log);
        return Segmenter.Open(source, new SegmenterOptions
        {
            Engine = exported ? Engine.Runtime : engine,
            Device = exported ? null : TorchDevice,
            Threads = ProcessorThreads,
            Views = views.Views,
            Known = known,
            Threshold = views.Threshold,
            Log = Log,
        });
    }

    /// <summary>A line for the person who watches, on standard error.</summary>
    public void Log(string line) => Terminal.Error.WriteLine(line);

    /// <summary>Starts showing progress on standard error, e.g. <c>("Rendering", 500, "scenes")</c>; dispose it after the work.</summary>
    public ProgressDisplay Progress(string activity, long total, string unit) => new(Terminal, activity, total, unit, TimeProvider.System);

    /// <summary>The same for work that counts its units after it has begun.</summary>
    public CountedProgress CountedProgress(string activity, string unit) => new(total => Progress(activity, total, unit));

    void RefuseDevice(string source)
    {
        if (Device is not (null or "cpu"))
            throw new UsageException($"--device {Device}: {source} is an exported network, which runs on the processor; leave it out");
    }
}
