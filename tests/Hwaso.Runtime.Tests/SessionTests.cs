using Hwaso.Checkpoints;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Runtime.Tests;

/// <summary>Runs give the same bits under all circumstances, allocate nothing, and can be cancelled.</summary>
public sealed class SessionTests : TensorTest
{
    internal const int Height = 64, Width = 96;

    static readonly float[] input = FormulaWeights.Fill("input", 1, 3, Height, Width).ToFloats();

    [Fact]
    public void Two_runs_and_any_number_of_threads_give_the_same_bits()
    {
        var file = Network();
        float[]? first = null;
        foreach (var threads in new[] { 1, 2, 3, 2 })
        {
            using var model = OnnxModel.Load(file, "test", new RuntimeOptions { Threads = threads });
            var session = model.Open([1, 3, Height, Width]);
            for (var run = 0; run < 3; run++)
            {
                var answer = Run(session);
                first ??= answer;
                Assert.Equal(first, answer);
            }
        }
    }

    [Fact]
    public void Runs_at_the_same_time_do_not_disturb_each_other()
    {
        using var model = OnnxModel.Load(Network(), "test", new RuntimeOptions { Threads = 2 });
        var expected = Run(model.Open([1, 3, Height, Width]));
        var answers = new float[4][];
        var threads = Enumerable.Range(0, answers.Length).Select(k => new Thread(() =>
        {
            var session = model.Open([1, 3, Height, Width]);
            for (var run = 0; run < 5; run++)
                answers[k] = Run(session);
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.All(answers, a => Assert.Equal(expected, a));
    }

    [Fact]
    public void A_run_after_the_first_allocates_nothing()
    {
        using var model = OnnxModel.Load(Network(), "test", new RuntimeOptions { Threads = 2 });
        var session = model.Open([1, 3, Height, Width]);
        for (var k = 0; k < 50; k++)
            session.Run();
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var k = 0; k < 10; k++)
                session.Run();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        // The .NET runtime allocates now and then, as for recompiling methods, but not in every round.
        Assert.InRange(least, 0, 1024);
    }

    [Fact]
    public void A_run_that_is_stopped_ends_with_an_exception_and_the_next_one_is_right()
    {
        using var model = OnnxModel.Load(Network(), "test", new RuntimeOptions { Threads = 2 });
        var session = model.Open([1, 3, Height, Width]);
        var expected = Run(session);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => session.Run(stop.Token));
        Assert.Equal(expected, Run(session));
    }

    [Fact]
    public void Models_that_share_a_pool_compute_as_with_their_own_also_when_it_has_ended()
    {
        var file = Network();
        float[] expected;
        using (var own = OnnxModel.Load(file, "test", new RuntimeOptions { Threads = 1 }))
            expected = Run(own.Open([1, 3, Height, Width]));
        var pool = new WorkerPool(2);
        using var first = OnnxModel.Load(file, "first", new RuntimeOptions { Pool = pool });
        using var second = OnnxModel.Load(file, "second", new RuntimeOptions { Pool = pool });
        var session = second.Open([1, 3, Height, Width]);
        Assert.Equal(expected, Run(first.Open([1, 3, Height, Width])));
        Assert.Equal(expected, Run(session));
        pool.Dispose();
        Assert.Equal(expected, Run(session));
    }

    [Fact]
    public void Every_path_gives_the_same_within_rounding()
    {
        var file = Network();
        float[]? first = null;
        foreach (var path in SmallModel.Paths)
        {
            using var model = OnnxModel.Load(file, "test", new RuntimeOptions { Threads = 2, Path = path });
            var answer = Run(model.Open([1, 3, Height, Width]));
            first ??= answer;
            // Some sixty layers of single precision, summed in different orders.
            AssertClose(first, answer, 1e-5, path.ToString());
        }
    }

    static float[] Run(Session session)
    {
        input.CopyTo(session.Input(0));
        session.Run();
        return session.Output(0).ToArray();
    }

    internal static byte[] Network()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        return ExportedNetworkTests.Export(ExportedNetworkTests.Build("hrnetv2-w18-small-v1", weights), [1, 3, Height, Width], null);
    }
}
