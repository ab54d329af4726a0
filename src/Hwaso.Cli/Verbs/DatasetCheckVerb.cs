using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Output;
using Hwaso.Data;
using Hwaso.Data.Boxes;
using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Data.Poses;
using Hwaso.Reports;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso dataset check</c>: reads every file of a data set and lists everything wrong.</summary>
sealed class DatasetCheckVerb : Verb
{
    const int PrintedProblems = 40, PrintedSizes = 5;

    readonly Argument<string> folder = new("DIR") { Description = "folder of the data set" };
    readonly Option<string?> layout = Values.Choice(
        "--layout", "its layout (default: recognised by the folder's content)",
            [.. Datasets.Layouts, .. PoseLayouts.All, .. BoxLayouts.All]);
    readonly Option<string[]?> splits = Values.NameList("--splits", "LIST", "splits to check, separated by commas (default: train,val)");
    readonly Option<string?> page = Values.Text("--html", "FILE", "also writes the findings as a page, with the worst pictures");

    readonly Option<int?> channels = Values.Whole(
        "--channels", "N", "channels that every image must have, as model.in_channels (default: 3, colours)", min: 1);

    public DatasetCheckVerb() => Command = new Command(
        "check",
        "reads every file of a data set: counts, class histogram, wrong sizes, unknown labels, broken images; exits 1 if it finds problems")
    {
        folder, layout, splits, page, channels,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "dataset check cityscapes",
        "dataset check VOCdevkit/VOC2012 --layout voc --json",
        "dataset check photos --layout folder --html check.html",
        "dataset check COCO --layout coco",
    ];

    public DatasetCheckArguments Read(ParseResult arguments) => new(
        arguments.GetRequiredValue(folder), arguments.GetValue(layout),
        arguments.GetValue(splits) is { Length: > 0 } named ? named : ["train", "val"], arguments.GetValue(page),
        arguments.GetValue(channels) ?? 3);

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var asked = Read(arguments);
        if (asked.Layout is { } poses && PoseLayouts.All.Contains(poses))
            return CheckPoses(poses, asked, context);
        if (asked.Layout is { } boxes && BoxLayouts.All.Contains(boxes))
            return CheckBoxes(boxes, asked, context);
        var named = asked.Layout ?? Recognised(asked.Folder, context);
        DatasetReport report;
        using (var progress = context.CountedProgress("Checking", "images"))
            report = DatasetCheck.Run(named, asked.Folder, asked.Splits, context.ProcessorThreads, progress.Report, asked.Channels,
                context.Cancel);
        if (asked.Page is { } page)
            DatasetPage.Write(page, report, Datasets.ClassesOf(named, asked.Folder), asked.Folder);
        context.Result(Json(report), output => Print(output, report));
        return report.Problems.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static string Recognised(string folder, VerbContext context)
    {
        var layouts = Datasets.LayoutsOf(folder);
        if (layouts.Count > 1)
            context.Log($"{folder} can be read as {string.Join(" or ", layouts)}: it is checked as {layouts[0]}; name another with "
                + "--layout");
        return layouts[0];
    }

    static int CheckPoses(string layout, DatasetCheckArguments asked, VerbContext context)
    {
        if (asked.Page is not null)
            throw new UsageException($"--html shows label pictures; leave it out with {layout}");
        var report = AnnotationCheck.Run(layout, asked.Folder, asked.Splits, context.Cancel);
        context.Result(
            new JsonObject
            {
                ["images"] = report.Splits.Sum(s => s.Value),
                ["people"] = report.People,
                ["problem_kinds"] = Kinds(report.Problems),
                ["problems"] = Problems(report.Problems),
                ["splits"] = new JsonObject(report.Splits.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
            },
            output =>
            {
                var splits = string.Join(", ", report.Splits.Select(s => $"{s.Key} {s.Value} images"));
                output.WriteLine($"{layout}: {splits}, {report.People} people with joints");
                Print(output, report.Problems);
            });
        return report.Problems.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static int CheckBoxes(string layout, DatasetCheckArguments asked, VerbContext context)
    {
        if (asked.Page is not null)
            throw new UsageException($"--html shows label pictures; leave it out with {layout}");
        var report = BoxCheck.Run(asked.Folder, asked.Splits, context.Cancel);
        context.Result(
            new JsonObject
            {
                ["images"] = report.Splits.Sum(s => s.Value),
                ["objects"] = report.Categories.Sum(c => c.Value),
                ["crowds"] = report.Crowds,
                ["images_without_objects"] = report.Empty,
                ["categories"] = new JsonObject(report.Categories.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
                ["problem_kinds"] = Kinds(report.Problems),
                ["problems"] = Problems(report.Problems),
                ["splits"] = new JsonObject(report.Splits.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
            },
            output =>
            {
                var splits = string.Join(", ", report.Splits.Select(s => $"{s.Key} {s.Value} images"));
                output.WriteLine($"{layout}: {splits}, {report.Empty} of them without objects, {report.Crowds} crowds");
                foreach (var (name, count) in report.Categories)
                    output.WriteLine($" {name,-20} {count,9} objects");
                Print(output, report.Problems);
            });
        return report.Problems.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static JsonObject Kinds(IReadOnlyList<DatasetProblem> problems) => new(
        problems.GroupBy(p => p.Kind).OrderBy(g => g.Key).Select(g => KeyValuePair.Create(KindName(g.Key), (JsonNode?)g.Count())));

    static JsonArray Problems(IReadOnlyList<DatasetProblem> problems) =>
        new([.. problems.Select(p => new JsonObject { ["path"] = p.Path, ["kind"] = KindName(p.Kind), ["message"] = p.Message })]);

    static JsonObject Json(DatasetReport report) => new()
    {
        ["images"] = report.Images,
        ["problem_kinds"] = Kinds(report.Problems),
        ["problems"] = Problems(report.Problems),
        ["splits"] = new JsonObject(report.Splits.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
        ["classes"] = new JsonArray([.. report.Classes.Select(c => new JsonObject
        {
            ["name"] = c.Name,
            ["pixels"] = c.Pixels,
            ["images"] = c.Images,
            ["suggested_weight"] = c.SuggestedWeight,
            ["log_weight"] = c.LogWeight,
            ["pixels_by_split"] = new JsonObject(c.PixelsBySplit.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        })]),
        ["encodings"] = new JsonObject(report.Encodings.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value))),
        ["values"] = new JsonArray([.. report.Values.Select(v => new JsonObject
        {
            ["value"] = v.Value,
            ["pixels"] = v.Pixels,
            ["images"] = v.Images,
            ["meaning"] = v.Meaning,
        })]),
        ["suspicions"] = JsonOutput.Array(report.Suspicions),
        ["pixels"] = report.Pixels,
        ["ignored_pixels"] = report.IgnoredPixels,
        ["sizes"] = new JsonObject(report.Sizes.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
    };

    static void Print(TextWriter output, DatasetReport report)
    {
        output.WriteLine($"{report.Layout}: {(report.Splits.Count == 0 ? "no split" : string.Join(", ", report.Splits.Select(
            s => $"{s.Key} {s.Value} images")))}");
        var sizes = string.Join(", ", report.Sizes.Take(PrintedSizes).Select(s => $"{s.Key} ({s.Value})"));
        if (report.Sizes.Count > 0)
            output.WriteLine(
                $"sizes: {sizes}{(report.Sizes.Count > PrintedSizes ? $" and {report.Sizes.Count - PrintedSizes} more" : "")}");
        if (report.Encodings.Count == 0)
        {
            output.WriteLine("no label file could be read");
            output.WriteLine();
            Print(output, report.Problems);
            return;
        }
        output.WriteLine($"label files: {string.Join(", ", report.Encodings.Select(e => $"{e.Key} ({e.Value})"))}");
        if (report.Values.Count > 0)
        {
            var values = string.Join(", ", report.Values.Take(PrintedProblems).Select(v => $"{v.Value} {v.Meaning ?? "no class"}"));
            output.WriteLine($"values: {values}{(report.Values.Count > PrintedProblems ? ", …" : "")}");
        }
        output.WriteLine();
        var counted = Math.Max(report.Pixels - report.IgnoredPixels, 1);
        var width = report.Classes.Select(c => c.Name.Length).Append("class".Length).Max();
        void Row(string name, string pixels, string share, string images, string weight) =>
            output.WriteLine($" {name.PadRight(width)}  {pixels,14}  {share,7}  {images,7}  {weight,16}");
        Row("class", "pixels", "share %", "images", "suggested weight");
        foreach (var c in report.Classes)
        {
            var weight = c.SuggestedWeight is { } w ? $"{w:0.000}" : "absent";
            Row(c.Name, $"{c.Pixels:N0}", $"{100.0 * c.Pixels / counted:0.000}", $"{c.Images}", weight);
        }
        output.WriteLine();
        output.WriteLine($"ignored: {100.0 * report.IgnoredPixels / Math.Max(report.Pixels, 1):0.00} % of all pixels");
        output.WriteLine();
        foreach (var suspicion in report.Suspicions)
            output.WriteLine($"note: {suspicion}");
        Print(output, report.Problems);
    }

    static void Print(TextWriter output, IReadOnlyList<DatasetProblem> problems)
    {
        foreach (var problem in problems.Take(PrintedProblems))
            output.WriteLine($"{problem.Path}: {problem.Message}");
        if (problems.Count > PrintedProblems)
            output.WriteLine($"… and {problems.Count - PrintedProblems} more; --json lists all");
        var kinds = problems.GroupBy(p => p.Kind).OrderByDescending(g => g.Count())
            .Select(g => $"{KindName(g.Key).Replace('_', ' ')} {g.Count()}");
        output.WriteLine(problems.Count == 0 ? "no problems found"
            : $"{problems.Count} {(problems.Count == 1 ? "problem" : "problems")}: {string.Join(", ", kinds)}");
    }

    // WrongSize is wrong_size.
    static string KindName(ProblemKind kind) => string.Concat(
        kind.ToString().Select((c, k) => char.IsUpper(c) ? (k > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}

/// <summary>The arguments of <c>hwaso dataset check</c>.</summary>
/// <param name="Folder">The data set's folder.</param>
/// <param name="Layout">Its layout; null: recognised by the folder's content.</param>
/// <param name="Splits">The splits to check.</param>
/// <param name="Page">File for the HTML page; null for none.</param>
/// <param name="Channels">Channels that every image must have.</param>
sealed record DatasetCheckArguments(string Folder, string? Layout, IReadOnlyList<string> Splits, string? Page, int Channels);
