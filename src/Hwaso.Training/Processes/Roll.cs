using System.Diagnostics;
using System.Text.Json;
using Hwaso.Torch.Processes;

namespace Hwaso.Training.Processes;

/// <summary>The call of the roll before the first step: every process is there once, and all were started for the same work.</summary>
/// <param name="store">Where they meet.</param>
/// <param name="place">This process's place.</param>
/// <param name="work">What it was started for.</param>
/// <param name="patience">How long to wait for the others.</param>
sealed class Roll(ProcessStore store, ProcessPlace place, IReadOnlyDictionary<string, string> work, TimeSpan patience)
{
    const string Entry = "roll/", Verdict = "roll/verdict", Right = "right";

    static readonly TimeSpan pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Answers to the call; process 0 reads all answers and says what came of them.</summary>
    /// <exception cref="ProcessException">A process is missing, there twice, or was started for other work.</exception>
    public void Call()
    {
        var own = new Answer(Environment.MachineName, Environment.ProcessId, place.Size, new Dictionary<string, string>(work));
        if (store.Add($"{Entry}count/{place.Rank}", 1) > 1)
        {
            var other = store.Get($"{Entry}{place.Rank}") is { } json ? JsonSerializer.Deserialize<Answer>(json)!.Text : "another process";
            var twice = $"two processes say that they are process {place.Rank} of {place.Size}: {other} and {own.Text}; "
                + "give each a rank of its own";
            store.Set(Verdict, twice);
            throw new ProcessException(twice);
        }
        store.Set($"{Entry}{place.Rank}", JsonSerializer.Serialize(own));
        var clock = Stopwatch.StartNew();
        var verdict = place.Rank == 0 ? Judge(own, clock) : Heard(clock);
        if (verdict != Right)
            throw new ProcessException(verdict);
    }

    string Judge(Answer own, Stopwatch clock)
    {
        var missing = Enumerable.Range(1, place.Size - 1).ToList();
        string? verdict = null;
        while (verdict is null && missing.Count > 0)
        {
            foreach (var rank in missing.ToArray())
                if (store.Get($"{Entry}{rank}") is { } json)
                {
                    missing.Remove(rank);
                    verdict ??= Difference(own, rank, JsonSerializer.Deserialize<Answer>(json)!);
                }
            verdict ??= store.Get(Verdict);
            if (verdict is null && missing.Count > 0 && clock.Elapsed > patience)
                verdict = FormattableString.Invariant($"{missing.Count} of {place.Size} processes did not come within ")
                    + FormattableString.Invariant($"{patience.TotalSeconds:0} s: process {string.Join(", ", missing)}; were they started, ")
                    + $"and can they reach {place.Host}:{place.Port}?";
            if (verdict is null && missing.Count > 0)
                Thread.Sleep(pause);
        }
        verdict ??= Right;
        store.Set(Verdict, verdict);
        // The others read it before this process, which keeps the table, may end.
        if (verdict != Right)
            WaitFor(() => store.Add($"{Entry}read", 0) >= place.Size - 1 - missing.Count, TimeSpan.FromSeconds(2));
        return verdict;
    }

    string Heard(Stopwatch clock)
    {
        // Process 0 waits as long, and says who was missing: it is given the time to.
        WaitFor(() => store.Get(Verdict) is not null, patience + TimeSpan.FromSeconds(5) - clock.Elapsed);
        var verdict = store.Get(Verdict)
            ?? FormattableString.Invariant($"process 0 of {place.Size} gave no sign within {patience.TotalSeconds:0} s");
        store.Add($"{Entry}read", 1);
        return verdict;
    }

    static void WaitFor(Func<bool> there, TimeSpan longest)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < longest && !there();)
            Thread.Sleep(pause);
    }

    static string? Difference(Answer own, int rank, Answer other)
    {
        if (other.Size != own.Size)
            return $"process {rank} ({other.Text}) was started as one of {other.Size}, process 0 ({own.Text}) as one of {own.Size}";
        foreach (var (name, value) in own.Work)
            if (!other.Work.TryGetValue(name, out var there) || there != value)
                return $"process {rank} ({other.Text}) was started with another {name} than process 0 ({own.Text}): {there ?? "none"}, not "
                    + $"{value}; start all with the same";
        return null;
    }

    sealed record Answer(string Machine, int Process, int Size, Dictionary<string, string> Work)
    {
        public string Text => FormattableString.Invariant($"{Machine}, process id {Process}");
    }
}
