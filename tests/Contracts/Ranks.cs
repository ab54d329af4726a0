using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Tests;

/// <summary>Several processes of a training as threads of this one: each has a connection, groups and tensors of its own.</summary>
static class Ranks
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs work in as many threads, and returns their results in order; the first error is thrown.</summary>
    public static T[] Run<T>(int size, Func<ProcessStore, int, T> work)
    {
        using var first = new ProcessStore("127.0.0.1", 0, keeps: true, patience);
        var results = new T[size];
        var errors = new Exception?[size];
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                using var store = rank == 0 ? null : new ProcessStore("127.0.0.1", first.Port, keeps: false, patience);
                results[rank] = work(store ?? first, rank);
            }
            catch (Exception error)
            {
                errors[rank] = error;
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        return Array.Find(errors, e => e is not null) is { } failed ? throw new AggregateException(failed) : results;
    }

    /// <summary>The same with a group.</summary>
    public static T[] RunGroup<T>(int size, Func<ProcessGroup, T> work) => Run(size, (store, rank) =>
    {
        using var group = new ProcessGroup(store, "test", rank, size, Device.Cpu, patience);
        using var scope = new Scope();
        return work(group);
    });
}
