namespace Hwaso.Server.Serving;

/// <summary>What a model did since it was loaded, as the statistics extension of the Open Inference Protocol counts it.</summary>
sealed class ModelStatistics(string name, ServerMeters meters)
{
    readonly Lock gate = new();
    StatisticsSnapshot now = new();

    /// <summary>An inference that was answered.</summary>
    /// <param name="decode">Reading the request's tensors or image.</param>
    /// <param name="times">Waiting and running.</param>
    /// <param name="encode">Writing the answer.</param>
    public void Succeed(TimeSpan decode, RunTimes times, TimeSpan encode)
    {
        lock (gate)
            now = now with
            {
                LastMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
                Inferences = now.Inferences + 1,
                // Every member of a batch counts its share of one execution.
                Executions = now.Executions + (1.0 / times.Batch),
                Success = now.Success.And(decode + times.Queued + times.Ran + encode),
                Queue = now.Queue.And(times.Queued),
                Input = now.Input.And(decode),
                Infer = now.Infer.And(times.Ran),
                Output = now.Output.And(encode),
            };
        meters.Inference(name, "success");
        meters.Phase(name, "decode", decode);
        meters.Phase(name, "queue", times.Queued);
        meters.Phase(name, "run", times.Ran);
        meters.Phase(name, "encode", encode);
    }

    /// <summary>An inference that failed after some time.</summary>
    public void Fail(TimeSpan after, string outcome)
    {
        lock (gate)
            now = now with { Failure = now.Failure.And(after) };
        meters.Inference(name, outcome);
    }

    /// <summary>An inference that was refused because the server was busy.</summary>
    public void Reject() => Fail(TimeSpan.Zero, "rejected");

    public StatisticsSnapshot Now
    {
        get
        {
            lock (gate)
                return now;
        }
    }
}

/// <summary>Counts and total times at one moment.</summary>
sealed record StatisticsSnapshot
{
    public long LastMs { get; init; }

    public long Inferences { get; init; }

    public double Executions { get; init; }

    public CountedTime Success { get; init; }

    public CountedTime Failure { get; init; }

    public CountedTime Queue { get; init; }

    public CountedTime Input { get; init; }

    public CountedTime Infer { get; init; }

    public CountedTime Output { get; init; }
}

/// <summary>How often something happened, and how long it took together.</summary>
readonly record struct CountedTime(long Count, TimeSpan Total)
{
    public long Nanoseconds => (long)Total.TotalNanoseconds;

    public CountedTime And(TimeSpan time) => new(Count + 1, Total + time);
}
