using System.Collections.Concurrent;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Server.Http;
using Hwaso.Training.Loop;
using Hwaso.Training.Studies;
using Hwaso.Training.Tasks;

namespace Hwaso.Server.Runs;

/// <summary>
/// The runs by name: those in the folder of runs, and run folders that are served as models. Names are looked up and never joined to a
/// path.
/// </summary>
/// <param name="root">The folder of runs; null for none.</param>
/// <param name="named">Folders of runs that were named at the start.</param>
sealed class RunStore(string? root, IReadOnlyList<(string Name, string Path)> named)
{
    readonly ConcurrentDictionary<string, (string Stamp, RunEntry Entry)> known = new(StringComparer.Ordinal);

    // Where hwaso train puts runs, too.
    const string Usual = "runs";

    string? folder = root;

    /// <summary>The folder of runs; null for none.</summary>
    public string? Root => Volatile.Read(ref folder);

    /// <summary>The folder of new runs: that of <c>--runs</c>, or <c>runs</c>, which is then shown, too.</summary>
    public string Home => Interlocked.CompareExchange(ref folder, Usual, null) ?? Usual;

    /// <summary>All runs by name. A link that leads out of the folder is no run of it.</summary>
    public SortedDictionary<string, RunFolder> All()
    {
        var all = new SortedDictionary<string, RunFolder>(StringComparer.Ordinal);
        if (Root is not null && Directory.Exists(Root))
            foreach (var folder in new DirectoryInfo(Root).EnumerateDirectories())
                if (folder.LinkTarget is null && new RunFolder(folder.FullName) is { WasBegun: true } run)
                    all[folder.Name] = run;
        foreach (var (name, path) in named)
            if (new RunFolder(path) is { WasBegun: true } run && !all.Values.Any(r => Path.GetFullPath(r.Root) == Path.GetFullPath(path)))
                all.TryAdd(name, run);
        return all;
    }

    /// <summary>A run's folder.</summary>
    /// <exception cref="RequestFailure">There is none of this name (404).</exception>
    public RunFolder Find(string name) => All() is var all && all.TryGetValue(name, out var run) ? run : throw RequestFailure.NotFound(
        $"no run is named '{RequestFailure.Shown(name)}'; " + (all.Count > 0 ? $"there are {string.Join(", ", all.Keys.Take(20))}"
            : Root is null ? "start the server with --runs DIR" : "the folder of runs has none"));

    /// <summary>A run in a line, read again only where its files changed.</summary>
    public RunEntry Read(string name, RunFolder folder)
    {
        // A run under way changes without its files: its process may be killed.
        var stamp = File.Exists(folder.Lock) ? null
            : string.Join('|', new[] { folder.Recipe, folder.Log, folder.Metrics, folder.Result }.Select(Stamp));
        if (stamp is not null && known.TryGetValue(name, out var before) && before.Stamp == stamp)
            return before.Entry;
        var entry = RunEntry.Of(name, folder);
        if (stamp is not null)
            known[name] = (stamp, entry);
        return entry;
    }

    static string Stamp(string path) => new FileInfo(path) is { Exists: true } file
        ? FormattableString.Invariant($"{file.Length}-{file.LastWriteTimeUtc.Ticks}") : "";
}

/// <summary>A run in a line: how far it is, and what came out.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="Status">How far it is.</param>
sealed record RunEntry(string Name, RunFolder Folder, RunStatus Status)
{
    // Enough for a mean that does not jump, few enough that it is of now.
    const int MostRecent = 10;

    /// <summary>Its recipe; null before its first step, or where it cannot be read.</summary>
    public RecipeFile? Recipe { get; private init; }

    /// <summary>Its scores; null before its first step, or where they cannot be read.</summary>
    public RunSummary? Summary { get; private init; }

    /// <summary>The last logged steps.</summary>
    public IReadOnlyList<LoggedStep> Recent { get; private init; } = [];

    /// <summary>Why it failed or cannot be read; null where nothing is wrong.</summary>
    public string? Problem { get; private init; }

    /// <summary>Reads a run's files; those that somebody damaged are a problem of the run and of nobody else.</summary>
    public static RunEntry Of(string name, RunFolder folder)
    {
        var entry = new RunEntry(name, folder, RunStatus.Read(folder));
        entry = entry with { Problem = entry.Status.Problem };
        if (!File.Exists(folder.Recipe))
            return entry;
        try
        {
            return entry with
            {
                Recipe = RecipeFile.Load(folder.Recipe),
                Summary = RunComparison.SummaryOf(folder),
                Recent = [.. MetricsLog.Read(folder.Metrics).Steps.TakeLast(MostRecent)],
            };
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return entry with { Problem = error.Message };
        }
    }

    /// <summary>All logged steps and validations, as far as they can be read.</summary>
    public (IReadOnlyList<LoggedStep> Steps, IReadOnlyList<(LoggedValidation Logged, Validation Validation)> Validations) Log()
    {
        if (Recipe is null)
            return ([], []);
        try
        {
            var log = MetricsLog.Read(Folder.Metrics);
            return (log.Steps, [.. log.Validations.Select(v => (v, TrainingTasks.Read(Recipe, v.Fields)))]);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The run in a line says so.
            return ([], []);
        }
    }
}
