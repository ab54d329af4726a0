using Hwaso.Tests;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Tests.Processes;

public sealed class RollTests : TensorTest
{
    [Fact]
    public void All_are_there_once_for_the_same_work() =>
        Assert.All(Call([(0, 3, "a"), (1, 3, "a"), (2, 3, "a")]), message => Assert.Equal("", message));

    [Fact]
    public void Two_processes_of_one_rank_are_named_in_every_process()
    {
        var messages = Call([(0, 3, "a"), (1, 3, "a"), (1, 3, "a")]);

        Assert.All(messages, m => Assert.Contains("two processes say that they are process 1 of 3", m, StringComparison.Ordinal));
    }

    [Fact]
    public void Other_work_is_named_in_every_process()
    {
        var messages = Call([(0, 2, "a"), (1, 2, "b")]);

        Assert.All(messages, m => Assert.Contains("with another recipe than process 0", m, StringComparison.Ordinal));
        Assert.All(messages, m => Assert.Contains("b, not a", m, StringComparison.Ordinal));
    }

    [Fact]
    public void Who_is_missing_is_named_in_every_process()
    {
        var messages = Call([(0, 4, "a"), (2, 4, "a")]);

        Assert.All(messages, m => Assert.Contains("2 of 4 processes did not come within 1 s: process 1, 3", m, StringComparison.Ordinal));
    }

    static string[] Call((int Rank, int Size, string Recipe)[] processes) => Ranks.Run(processes.Length, (store, k) =>
    {
        var (rank, size, recipe) = processes[k];
        var place = new ProcessPlace(rank, size, rank, size, "127.0.0.1", store.Port, "a test");
        // The two of one rank come one after the other.
        Thread.Sleep(100 * k);
        return Record.Exception(() => new Roll(store, place, new Dictionary<string, string> { ["recipe"] = recipe },
            TimeSpan.FromSeconds(processes.Length == 2 && size == 4 ? 1 : 20)).Call())?.Message ?? "";
    });
}
