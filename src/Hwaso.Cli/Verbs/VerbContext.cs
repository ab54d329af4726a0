using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Inference;
using Hwaso.Torch;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>What every verb gets besides its own arguments: common options, a way to stop, places to write to.</summary>
/// <param name="Terminal">Where results and progress go.</param>
/// <param name="Json">Results as one JSON object.</param>
/// <param name="Device"><c>cpu</c>, <c>cuda</c>, <c>cuda:N</c>, or null for the default.</param>
/// <param name="Threads">Threads to compute on, or null for all processors.</param>
/// <param name="Cancel">Cancelled by Ctrl-C: finish the step, save, and say how to resume.</param>
sealed record VerbContext(Terminal Terminal, bool Json, string? Device, int? Threads, CancellationToken Cancel)
{
    /// <summary>The result: <paramref name="report"/> with <c>--json</c>, else what <paramref name="text"/> prints.</summary>
    public void Result(JsonObject report, Action<IAnsiConsole> text)
    {
        if (Json) JsonOutput.Write(Terminal.Output, report);
        else text(Terminal.Console());
    }

    /// <summary>Sets libtorch's threads as asked and gives the device as asked; a verb that computes begins with it.</summary>
    /// <exception cref="ArgumentException">That GPU is not there.</exception>
    /// <exception cref="TorchException">Memory is limited to less than matrix products take.</exception>
    public Device UseTorch()
    {
        TorchInfo.Threads = ProcessorThreads;
        TorchInfo.ReserveProducts();
        return TorchDevice;
    }

    /// <summary>Opens what a verb segments images with.</summary>
    /// <param name="source">A run folder, a checkpoint or an exported network.</param>
    /// <param name="views">How it looks at images.</param>
    /// <param name="engine">What computes, of a run or a checkpoint.</param>
    /// <exception cref="UsageException">An exported network cannot do what the options ask for.</exception>
    public Segmenter OpenSegmenter(string source, ViewArguments views, Engine engine)
    {
        var exported = Segmenter.IsExported(source);
        if (exported && !views.IsPlain)
            throw new UsageException(
                $"{(views.Crop is not null ? "--crop" : views.Protocol is not null ? "--protocol" : "--scales, --flip")}: {source} is an exported network, "
                + "which sees an image once and whole; leave it out, or give the run that it came from");
        if (exported && Device is not (null or "cpu"))
            throw new UsageException($"--device {Device}: {source} is an exported network, which runs on the processor; leave it out");
        return Segmenter.Open(source, new SegmenterOptions
        {
            Engine = exported ? Engine.Runtime : engine,
            Device = exported ? null : TorchDevice,
            Threads = ProcessorThreads,
            Views = views.Views,
            Log = Log,
        });
    }

    Device TorchDevice => Device is null ? Torch.Device.Best : Torch.Device.Parse(Device);

    /// <summary>Threads to compute on: as asked, else one per processor.</summary>
    public int ProcessorThreads => Threads ?? Environment.ProcessorCount;

    /// <summary>A line for the person who watches, on standard error.</summary>
    public void Log(string line) => Terminal.Error.WriteLine(line);

    /// <summary>Starts showing progress on standard error, e.g. <c>("Rendering", 500, "scenes")</c>; dispose it when done.</summary>
    public ProgressDisplay Progress(string activity, long total, string unit) =>
        new(Terminal, activity, total, unit, TimeProvider.System);
}
