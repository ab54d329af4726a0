using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Common;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using static System.FormattableString;

namespace Hwaso.Training.Studies;

/// <summary>Writes a study's table as Markdown, JSON and a page, each whole or not at all.</summary>
public static class StudyFiles
{
    /// <summary>Writes all three.</summary>
    /// <exception cref="IOException">One cannot be written.</exception>
    public static void Write(StudyFolder folder, StudyTable table)
    {
        Directory.CreateDirectory(folder.Root);
        Text(folder.Markdown, Markdown(table));
        Text(folder.Json, Json(table).ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        Text(folder.Page, StudyPage.Of(folder, table));
    }

    /// <summary>The table as JSON, with its study.</summary>
    public static JsonObject Json(StudyTable table) => new()
    {
        ["study"] = table.Study.Name,
        ["title"] = table.Study.Title,
        ["small"] = table.Study.IsSmall,
        ["seeds"] = table.Seeds,
        ["data"] = table.Study.Scenes?.ToString(),
        ["teacher"] = table.Teacher is { Pixels: > 0 } teacher
            ? new JsonObject { ["relative_error"] = teacher.MeanRelative, ["within_a_quarter"] = teacher.ShareNear } : null,
        ["rows"] = table.ToJson(),
    };

    /// <summary>Remarks that readers of the table need, a sentence each.</summary>
    public static IReadOnlyList<string> Notes(StudyTable table)
    {
        var notes = new List<string>();
        if (table.Study.Note is { } note)
            notes.Add(note.Trim());
        if (table.Study.Scenes is { } scenes)
            notes.Add($"The small form: {scenes}; networks and steps as small. The paper's numbers come from its own data, networks and "
                + "training; compare only the order of the rows.");
        if (table.Teacher is { Pixels: > 0 } teacher)
            notes.Add(Invariant($"The teacher's depth is {teacher.MeanRelative:P0} from the truth on average, ")
                + Invariant($"and within a quarter of it (δ < 1.25) at {teacher.ShareNear:P0} of the pixels."));
        var seeds = table.Rows.SelectMany(r => r.Runs.Select(run => run.Seed)).Distinct().Order().ToArray();
        if (seeds.Length > 0)
            notes.Add($"Mean ± sample standard deviation over the seeds {string.Join(", ", seeds)}; differences are taken seed by seed. "
                + "Scores are those of each run's best validation.");
        if (table.Rows.Any(r => r.Runs.Count < table.Seeds))
            notes.Add($"Not finished: {table.Rows.Sum(r => r.Runs.Count)} of {table.Rows.Count * table.Seeds} runs.");
        var sizes = table.Rows.Select(r => r.Input).Distinct().ToArray();
        notes.Add($"Parameters and multiply-adds (of convolution and linear layers, one image of {string.Join(" or ", sizes)}) "
            + "are of what is deployed.");
        if (table.Study.Source is { } source)
            notes.Add($"Published: {source}");
        var runs = table.Rows.SelectMany(r => r.Runs).ToArray();
        if (runs.Length > 0)
            notes.Add($"Trained on {string.Join(", ", runs.Select(MachineOf).Distinct())}, libtorch {TorchInfo.Version}; "
                + Invariant($"{runs.Sum(r => r.Seconds ?? 0):0} s of training in all."));
        return notes;
    }

    static string? MachineOf(RunSummary run) =>
        run.Device == "cpu" ? $"{Processor()}, {run.Threads} thread{(run.Threads == 1 ? "" : "s")}" : run.Device;

    /// <summary>The processor's name, as Linux gives it, or else its architecture.</summary>
    static string Processor()
    {
        const string List = "/proc/cpuinfo", Key = "model name";
        var line = File.Exists(List) ? File.ReadLines(List).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[^1].Trim() is { Length: > 0 } name ? name : RuntimeInformation.ProcessArchitecture.ToString();
    }

    static string Markdown(StudyTable table)
    {
        var text = new StringBuilder($"# {table.Study.Title}{(table.Study.IsSmall ? ": small form" : "")}\n\n{table.ToMarkdown()}\n");
        foreach (var note in Notes(table))
            text.Append("- ").Append(note.ReplaceLineEndings(" ")).Append('\n');
        return text.ToString();
    }

    static void Text(string path, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        AtomicFile.Write(path, bytes.Length, stream => stream.Write(bytes));
    }
}
