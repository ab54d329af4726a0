namespace Hwaso.Nn.Tests.Operators;

public sealed class WorkersTests
{
    [Fact]
    public void Every_piece_is_done_once_however_many_call_at_once()
    {
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (var round = 0; round < 200; round++)
            {
                var (threads, pieces) = (1 + round % 4, 1 + round % 37);
                var (done, numbers) = (new int[pieces], new int[pieces]);
                Workers.Run(threads, pieces, (thread, k) =>
                {
                    Interlocked.Increment(ref done[k]);
                    numbers[k] = thread;
                });
                Assert.All(done, times => Assert.Equal(1, times));
                Assert.All(numbers, thread => Assert.InRange(thread, 0, threads - 1));
            }
        });
    }

    [Fact]
    public void A_piece_may_run_pieces_of_its_own()
    {
        var done = new int[5, 7];
        Workers.Run(3, 5, (_, k) => Workers.Run(3, 7, (_, m) => Interlocked.Increment(ref done[k, m])));
        Assert.All(done.Cast<int>(), times => Assert.Equal(1, times));
    }

    [Fact]
    public void What_a_piece_throws_reaches_the_caller_and_helpers_go_on()
    {
        var error = Record.Exception(() => Workers.Run(3, 100, (_, k) =>
        {
            if (k == 50)
                throw new InvalidOperationException("piece 50");
        }));
        Assert.Contains("piece 50", error?.ToString(), StringComparison.Ordinal);
        var sum = 0;
        Workers.Run(3, 100, (_, k) => Interlocked.Add(ref sum, k));
        Assert.Equal(4950, sum);
    }
}
