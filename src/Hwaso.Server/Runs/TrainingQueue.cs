using System.Diagnostics;
using Hwaso.Server.Http;
using Hwaso.Server.Settings;
using Hwaso.Training.Processes;

namespace Hwaso.Server.Runs;

/// <summary>
/// Trains one run after the other, each in a process of the same command that a person would start, which keeps the run's own lock and
/// writes its own files: a training that crashes takes neither the server nor its queue along.
/// </summary>
/// <param name="command">How trainings are started; null for a server that starts none.</param>
sealed class TrainingQueue(TrainingCommand? command) : IDisposable
{
    const int MostWaiting = 100;

    static readonly TimeSpan longestEnd = TimeSpan.FromSeconds(20);

    readonly Lock gate = new();
    readonly List<TrainingJob> jobs = [];
    Task watch = Task.CompletedTask;
    bool ends;

    /// <summary>The trainings that wait, run or failed before they had a folder, in order.</summary>
    public IReadOnlyList<TrainingJob> Jobs
    {
        get
        {
            lock (gate)
                return [.. jobs];
        }
    }

    /// <summary>The recipes that a request may name, and their files.</summary>
    public IReadOnlyDictionary<string, string> Recipes => command?.Recipes ?? new Dictionary<string, string>();

    /// <summary>The job of a run; null where it has none.</summary>
    public TrainingJob? Find(string name) => Jobs.FirstOrDefault(j => j.Name == name);

    /// <summary>Puts a training at the end of the queue.</summary>
    /// <param name="name">The run's name.</param>
    /// <param name="words">The words of the command line, from <c>train</c> on.</param>
    /// <param name="recipe">The recipe's text, written to a file of its own in place of the word <c>{recipe}</c>; null for none.</param>
    /// <exception cref="RequestFailure">The run waits or trains already (409), or too many wait (429).</exception>
    public TrainingJob Add(string name, IReadOnlyList<string> words, string? recipe)
    {
        if (command is null)
            throw new RequestFailure(503, "this server starts no trainings; hwaso serve does");
        var job = new TrainingJob(name, words, recipe);
        lock (gate)
        {
            if (jobs.Exists(j => j.Name == name && !j.IsOver))
                throw new RequestFailure(409, $"run '{name}' waits or trains already; stop it first");
            if (jobs.Count(j => !j.IsOver) >= MostWaiting)
                throw RequestFailure.Busy($"{MostWaiting} trainings wait; stop one, or come back later", 60);
            jobs.RemoveAll(j => j.Name == name);
            jobs.Add(job);
        }
        Next();
        return job;
    }

    /// <summary>Stops a training, which finishes its step and saves; one that waits is taken out, one that failed is forgotten.</summary>
    /// <exception cref="RequestFailure">This server does not train it (409).</exception>
    public void Stop(string name)
    {
        lock (gate)
        {
            var job = jobs.Find(j => j.Name == name)
                ?? throw new RequestFailure(409, $"run '{name}' was not started by this server; stop the process that its log names");
            if (job.Process is not null)
                job.Stop();
            else
                jobs.Remove(job);
        }
    }

    /// <summary>
    /// Asks the training to stop, and starts no other. A terminal's Ctrl-C goes to the training as well; what comes within half a second
    /// is one request to it, so this is called at once.
    /// </summary>
    public void End()
    {
        lock (gate)
        {
            ends = true;
            if (jobs.Find(j => j is { Process: not null, IsAsked: false }) is { } job)
                job.Stop();
        }
    }

    /// <summary>Ends, and waits until the training has saved. One whose step takes longer saves and ends by itself.</summary>
    public void Dispose()
    {
        End();
        Task last;
        lock (gate)
            last = watch;
        last.Wait(longestEnd);
    }

    void Next()
    {
        lock (gate)
        {
            if (ends || jobs.Exists(j => j.Process is not null) || jobs.Find(j => !j.IsOver) is not { } job)
                return;
            try
            {
                job.Start(command!.Words);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
            {
                job.Fail(error.Message);
                return;
            }
            watch = Watch(job);
        }
    }

    async Task Watch(TrainingJob job)
    {
        var process = job.Process!;
        await process.WaitForExitAsync();
        lock (gate)
        {
            job.End(process.ExitCode);
            // A run that has a folder says itself how it ended.
            if (job.Problem is null)
                jobs.Remove(job);
        }
        process.Dispose();
        Next();
    }
}

/// <summary>A training that a request asked for.</summary>
/// <param name="name">The run's name.</param>
/// <param name="words">The words of its command line, from <c>train</c> on.</param>
/// <param name="recipe">Its recipe's text; null where the words name a file.</param>
sealed class TrainingJob(string name, IReadOnlyList<string> words, string? recipe)
{
    /// <summary>The word that the recipe's file takes the place of.</summary>
    public const string RecipeWord = "{recipe}";

    const int MostLines = 20;

    readonly Queue<string> lines = new();
    string? folder;

    public string Name { get; } = name;

    /// <summary>Its process while it trains.</summary>
    public Process? Process { get; private set; }

    /// <summary>Whether it ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether it was asked to stop; asked again, it ends at once.</summary>
    public bool IsAsked { get; private set; }

    /// <summary>What its process said last, where it failed; null where it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>Starts its process.</summary>
    public void Start(IReadOnlyList<string> command)
    {
        var file = "";
        if (recipe is not null)
        {
            folder = Directory.CreateTempSubdirectory("hwaso-serve-").FullName;
            file = Path.Combine(folder, "recipe.yaml");
            File.WriteAllText(file, recipe);
        }
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), .. words.Select(w => w == RecipeWord ? file : w)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Process = process;
    }

    /// <summary>Asks its process to stop.</summary>
    public void Stop()
    {
        IsAsked = true;
        Launcher.Terminate(Process!);
    }

    /// <summary>Notes how its process ended: 1 after it was stopped or failed, with a line that says which.</summary>
    public void End(int code)
    {
        (Process, IsOver) = (null, true);
        lock (lines)
            // One that was stopped before it could listen has nothing to say.
            if (code != 0 && !(IsAsked && lines.Count == 0)
                && !lines.Any(l => l.Contains("stopped after step", StringComparison.Ordinal)))
                Problem = lines.Count > 0 ? string.Join('\n', lines)
                    : FormattableString.Invariant($"its process ended with exit code {code} and without a word");
        if (folder is not null && Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    public void Fail(string problem) => (IsOver, Problem) = (true, problem);

    void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > MostLines)
                lines.Dequeue();
        }
    }
}
