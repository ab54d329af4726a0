using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Inference;
using Hwaso.Inference.Quantising;
using Hwaso.Metrics;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso quantize</c>: a trained segmentation network in 8 bits, as one ONNX file.</summary>
sealed class QuantizeVerb : Verb
{
    const int UsualImages = 32;

    readonly Argument<string> source = new("SOURCE")
    {
        Description = "a run folder, a checkpoint (.safetensors) or an exported network (.onnx)",
    };

    readonly Option<string?> data = Values.Text("--data", "DIR", "folder of the data set", required: true);
    readonly Option<string?> target = Values.Text("--out", "FILE", "the .onnx file to write", required: true);
    readonly Option<string?> layout = Values.Choice(
        "--layout", "its layout (default: recognised by the folder's content)", [.. Datasets.Layouts]);
    readonly Option<string?> split = Values.Text("--split", "NAME", "split whose images choose the ranges (default: train)");
    readonly Option<int?> images = Values.Whole("--images", "N", $"images of it, evenly chosen (default: {UsualImages})", min: 1);
    readonly Option<string?> scored = Values.Text("--score", "NAME", "split on which the loss is measured (default: val)");
    readonly Option<string?> ranges = Values.Choice(
        "--ranges", "how ranges of activations are chosen (default: percentile)", ["percentile", "entropy"]);
    readonly Option<double?> most = Values.Share(
        "--most-loss", "SHARE", "loss of mIoU on these images beyond which noisy layers stay as they are (default: 0.01)");
    readonly Option<bool> layers = Values.Flag("--layers", "also prints each layer with its noise");
    readonly ForeignOptions foreign = new();

    public QuantizeVerb()
    {
        Command = new Command("quantize", "writes a segmentation network in 8 bits as an ONNX file, and measures what it loses in mIoU")
        {
            source, data, target, layout, split, images, scored, ranges, most, layers,
        };
        foreach (var option in foreign.All)
            Command.Add(option);
    }

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "quantize demo/run --data demo/data --out road8.onnx",
        "quantize road.onnx --data demo/data --out road8.onnx --ranges entropy --layers",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var (from, to, folder) = (arguments.GetRequiredValue(source), arguments.GetValue(target)!, arguments.GetValue(data)!);
        if (!to.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"{to}: ONNX files end in .onnx, and are known by that");
        var known = foreign.Of(arguments);
        using var before = context.OpenSegmenter(from, new ViewArguments([1], false, null, null, null), Engine.Runtime, known);
        IReadOnlyList<string> layouts = arguments.GetValue(layout) is { } named ? [named] : Datasets.LayoutsOf(folder);
        var kind = layouts.FirstOrDefault(l => Datasets.ClassesOf(l, folder).Count == before.ClassCount) ?? layouts[0];
        var seen = Datasets.Open(kind, folder, arguments.GetValue(split) ?? "train");
        var truth = Datasets.Open(kind, folder, arguments.GetValue(scored) ?? "val");
        if (before.ClassCount != truth.Classes.Count)
            throw new UsageException($"{from} is of {before.ClassCount?.ToString(CultureInfo.InvariantCulture) ?? "unknown"} classes, "
                + $"{truth.Name} has {truth.Classes.Count}; give the data set that it was trained for");
        var pictures = Pictures(seen, before.Channels, arguments.GetValue(images) ?? UsualImages);
        var options = new QuantiserOptions
        {
            Ranges = arguments.GetValue(ranges) == "entropy" ? RangeRule.Entropy : RangeRule.Percentile,
            Score = labels => Miou(labels, pictures, seen.Classes.Count),
            Threads = context.ProcessorThreads,
            Known = known,
        };
        if (arguments.GetValue(most) is { } share)
            options = options with { MostLoss = share };
        var network = NetworkQuantiser.Quantise(
            Bytes(from, context), from, [.. pictures.Select(p => p.Pixels)], options, context.Log, context.Cancel);
        network.Write(to);
        using var after = context.OpenSegmenter(to, new ViewArguments([1], false, null, null, null), Engine.Runtime, known);
        var (first, second) = (Score(before, truth, context), Score(after, truth, context));
        Report(new Outcome(to, network, first, second, truth.Name), arguments.GetValue(layers), context);
        return ExitCode.Done;
    }

    static byte[] Bytes(string from, VerbContext context)
    {
        if (Segmenter.IsExported(from))
            return File.ReadAllBytes(from);
        context.UseTorch();
        using var model = LoadedModel.Open(from, Torch.Device.Cpu);
        return Exporter.Make(model, new ExportOptions(FoldBatchNorm: true)).Bytes;
    }

    static List<LabelledImage> Pictures(SegmentationDataset set, int channels, int wanted)
    {
        var count = Math.Min(wanted, set.Samples.Count);
        return [.. Enumerable.Range(0, count).Select(k => set.Read((int)((long)k * set.Samples.Count / count), channels))];
    }

    static double Miou(IReadOnlyList<byte[]> labels, List<LabelledImage> pictures, int classes)
    {
        var confusion = new ConfusionMatrix(classes);
        for (var k = 0; k < labels.Count; k++)
            confusion.Add(pictures[k].Labels.Labels, labels[k], ClassList.Ignore);
        return Scores.Of(confusion).Miou ?? 0;
    }

    static ScoreReport Score(Segmenter segmenter, SegmentationDataset set, VerbContext context)
    {
        using var progress = context.Progress($"Scoring {segmenter.Source}", set.Samples.Count, "images");
        return Evaluator.Score(segmenter, set, new ScoreOptions(), done => progress.Report(done), failed: null, context.Cancel);
    }

    static void Report(Outcome outcome, bool withLayers, VerbContext context)
    {
        var (network, before, after) = (outcome.Network, outcome.Before, outcome.After);
        var (count, all) = (network.Layers.Count(l => l.IsQuantised), network.Layers.Count);
        // One image has no interval.
        var loss = before.Images > 1 ? before.DifferenceFrom(after, AbsentClasses.LeaveOut) : null;
        var json = new JsonObject
        {
            ["out"] = outcome.File,
            ["bytes"] = network.File.Length,
            ["layers_quantised"] = count,
            ["layers"] = all,
            ["changed_labels"] = network.ChangedLabels,
            ["miou_before"] = before.Scores.Miou,
            ["miou"] = after.Scores.Miou,
            ["miou_loss"] = before.Scores.Miou - after.Scores.Miou,
            ["miou_loss_interval"] = loss?.Interval is { } range ? new JsonArray(range.Low, range.High) : null,
        };
        if (withLayers)
            json["layer_table"] = new JsonArray([.. network.Layers.Select(l => new JsonObject
            {
                ["name"] = l.Name,
                ["weights"] = l.Weights,
                ["decibels"] = double.IsFinite(l.Decibels) ? Math.Round(l.Decibels, 2) : null,
                ["bits"] = l.IsQuantised ? 8 : 32,
            })]);
        context.Result(json, output =>
        {
            if (withLayers)
            {
                var width = network.Layers.Max(l => l.Name.Length);
                output.WriteLine($"{"layer".PadRight(width)}  {"weights",-16} signal ÷ noise  bits");
                foreach (var layer in network.Layers)
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{layer.Name.PadRight(width)}  {layer.Weights,-16} {layer.Decibels,11:0.0} dB  {(layer.IsQuantised ? 8 : 32),4}"));
            }
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{network.File.Length / 1e6:0.0} MB written to {outcome.File}: {count} of {all} convolutions in 8 bits, "
                    + $"{100 * network.ChangedLabels:0.00} % of the labels changed"));
            var between = loss?.Interval is { } ends
                ? string.Create(CultureInfo.InvariantCulture, $" (95 %: {100 * ends.Low:0.00} … {100 * ends.High:0.00})") : "";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"mIoU on {outcome.Data}, {after.Images} images: {100 * before.Scores.Miou:0.00} before, "
                    + $"{100 * after.Scores.Miou:0.00} now; loss {100 * (before.Scores.Miou - after.Scores.Miou):0.00} points{between}"));
        });
    }

    sealed record Outcome(string File, QuantisedNetwork Network, ScoreReport Before, ScoreReport After, string Data);
}
