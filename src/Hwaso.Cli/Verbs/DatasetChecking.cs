using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Reports;
using Spectre.Console;

namespace Hwaso.Cli.Verbs;

/// <summary>The work of <c>hwaso dataset check</c>: every file read, everything wrong told.</summary>
static class DatasetChecking
{
    const int PrintedProblems = 40;

    public static int Run(DatasetCheckArguments arguments, VerbContext context)
    {
        DatasetReport report;
        // How many images there are is known only once the splits are listed.
        Output.ProgressDisplay? progress = null;
        var gate = new Lock();
        try
        {
            report = DatasetCheck.Run(arguments.Layout, arguments.Folder, arguments.Splits, context.ProcessorThreads, (done, total) =>
            {
                lock (gate)
                    progress ??= context.Progress("Checking", total, "images");
                progress.Report(done);
            }, context.Cancel);
        }
        finally
        {
            progress?.Dispose();
        }
        if (arguments.Page is { } page)
            DatasetPage.Write(page, report, Datasets.ClassesOf(arguments.Layout, arguments.Folder), arguments.Folder);
        context.Result(Json(report), console => Print(console, report));
        return report.Problems.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static JsonObject Json(DatasetReport report) => new()
    {
        ["images"] = report.Images,
        ["problem_kinds"] = new JsonObject(report.Problems.GroupBy(p => p.Kind).OrderBy(g => g.Key).Select(g => KeyValuePair.Create(KindName(g.Key), (JsonNode?)g.Count()))),
        ["problems"] = new JsonArray([.. report.Problems.Select(p => new JsonObject { ["path"] = p.Path, ["kind"] = KindName(p.Kind), ["message"] = p.Message })]),
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
        ["values"] = new JsonArray([.. report.Values.Select(v => new JsonObject { ["value"] = v.Value, ["pixels"] = v.Pixels, ["images"] = v.Images, ["meaning"] = v.Meaning })]),
        ["suspicions"] = Output.JsonOutput.Array(report.Suspicions),
        ["pixels"] = report.Pixels,
        ["ignored_pixels"] = report.IgnoredPixels,
        ["sizes"] = new JsonObject(report.Sizes.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
    };

    static void Print(IAnsiConsole console, DatasetReport report)
    {
        console.WriteLine($"{report.Layout}: {string.Join(", ", report.Splits.Select(s => $"{s.Key} {s.Value} images"))}");
        console.WriteLine($"sizes: {string.Join(", ", report.Sizes.Take(5).Select(s => $"{s.Key} ({s.Value})"))}{(report.Sizes.Count > 5 ? $" and {report.Sizes.Count - 5} more" : "")}");
        console.WriteLine($"label files: {string.Join(", ", report.Encodings.Select(e => $"{e.Key} ({e.Value})"))}");
        if (report.Values.Count > 0)
            console.WriteLine($"values: {string.Join(", ", report.Values.Take(PrintedProblems).Select(v => $"{v.Value} {v.Meaning ?? "no class"}"))}{(report.Values.Count > PrintedProblems ? ", …" : "")}");
        console.WriteLine();
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("class");
        foreach (var column in new[] { "pixels", "share %", "images", "suggested weight" })
            table.AddColumn(new TableColumn(column).RightAligned());
        var counted = Math.Max(report.Pixels - report.IgnoredPixels, 1);
        foreach (var c in report.Classes)
            table.AddRow(new Text(c.Name), new Text($"{c.Pixels:N0}"), new Text($"{100.0 * c.Pixels / counted:0.000}"), new Text($"{c.Images}"), new Text(c.SuggestedWeight is { } w ? $"{w:0.000}" : "absent"));
        console.Write(table);
        console.WriteLine($"ignored: {100.0 * report.IgnoredPixels / Math.Max(report.Pixels, 1):0.00} % of all pixels");
        console.WriteLine();
        foreach (var suspicion in report.Suspicions)
            console.WriteLine($"note: {suspicion}");
        foreach (var problem in report.Problems.Take(PrintedProblems))
            console.WriteLine($"{problem.Path}: {problem.Message}");
        if (report.Problems.Count > PrintedProblems)
            console.WriteLine($"… and {report.Problems.Count - PrintedProblems} more; --json lists all");
        console.WriteLine(report.Problems.Count == 0 ? "no problems found"
            : $"{report.Problems.Count} problems: {string.Join(", ", report.Problems.GroupBy(p => p.Kind).OrderByDescending(g => g.Count()).Select(g => $"{KindName(g.Key).Replace('_', ' ')} {g.Count()}"))}");
    }

    static string KindName(ProblemKind kind) => string.Concat(kind.ToString().Select((c, k) => char.IsUpper(c) ? (k > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
