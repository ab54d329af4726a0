using Hwaso.Onnx;
using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Tests;

/// <summary>Weights go with their model, and a pool survives what happens to its threads.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public void Loading_and_disposing_a_model_a_hundred_times_leaves_memory_flat()
    {
        // 8 MiB of weights: a hundred of them would be 800.
        var file = Large();
        long first = 0;
        for (var k = 0; k < 100; k++)
        {
            using var model = OnnxModel.Load(file, "large", new RuntimeOptions { Threads = 1 });
            if (k == 10)
                first = Environment.WorkingSet;
        }
        Assert.InRange(Environment.WorkingSet - first, long.MinValue, 100L << 20);
    }

    [Fact]
    public unsafe void Pieces_of_weights_are_zeros_and_go_together()
    {
        var memory = new WeightMemory();
        long[] sizes = [1, 100, 3 << 20, 20 << 20, 5];
        var pieces = sizes.Select(size => (Address: (nint)memory.Take(size), Size: size)).OrderBy(p => p.Address).ToArray();
        var before = 0L;
        foreach (var (address, size) in pieces)
        {
            Assert.True(address >= before && address % 64 == 0, $"the piece at {address} begins before {before}");
            Assert.True(new ReadOnlySpan<byte>((byte*)address, (int)size).IndexOfAnyExcept((byte)0) < 0);
            new Span<byte>((byte*)address, (int)size).Fill(1);
            before = address + size;
        }
        var constant = new Constant(new TensorType(true, [4], "here"), memory);
        memory.Release();
        memory.Release();
        Assert.Throws<InvalidOperationException>(() => memory.Take(1));
        Assert.Throws<InvalidOperationException>(() => constant.Floats[0]);
    }

    [Fact]
    public void A_session_of_a_disposed_model_is_an_error()
    {
        var model = OnnxModel.Load(StreetModel.File(), "street", new RuntimeOptions { Threads = 2 });
        var session = model.Open([1, 3, 32, 32]);
        session.Run();
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Run());
        Assert.Throws<ObjectDisposedException>(() => session.Output(0));
        Assert.Throws<ObjectDisposedException>(() => model.Open([1, 3, 32, 32]));
    }

    [Fact]
    public void A_thread_without_memory_ends_the_run_and_leaves_the_pool_able_to_work()
    {
        using var pool = new WorkerPool(3);
        var scratch = new nint[3];
        for (var round = 0; round < 20; round++)
        {
            // Every item fails, so each thread that takes one does.
            Assert.Throws<InsufficientMemoryException>(() => pool.Run(new Work(64, _ => throw new InsufficientMemoryException()), scratch));
            var (threads, done) = (new HashSet<int>(), 0);
            using var all = new Barrier(3);
            pool.Run(new Work(3, _ =>
            {
                // Three items that wait for each other: they end only on three threads.
                Assert.True(all.SignalAndWait(TimeSpan.FromSeconds(60)));
                lock (threads)
                    threads.Add(Environment.CurrentManagedThreadId);
                Interlocked.Increment(ref done);
            }), scratch);
            Assert.Equal((3, 3), (done, threads.Count));
        }
    }

    [Fact]
    public void Disposing_a_pool_or_a_model_under_a_run_is_an_error_and_not_a_hang()
    {
        using var pool = new WorkerPool(2);
        Assert.True(pool.TryEnter());
        Assert.Contains("in use by 1 runs", Assert.Throws<InvalidOperationException>(pool.Dispose).Message, StringComparison.Ordinal);
        pool.Leave();
        pool.Dispose();
        Assert.False(pool.TryEnter());
        // A model computes on without the pool's threads.
        using var model = OnnxModel.Load(StreetModel.File(), "street", new RuntimeOptions { Pool = pool });
        model.Open([1, 3, 32, 32]).Run();
    }

    static byte[] Large()
    {
        using var document = new OnnxDocument();
        document.Input("x", OnnxDataType.Float32, (1, ""), (256, ""), (null, "h"), (null, "w"));
        document.Weight("w", [910, 256, 3, 3], new float[910 * 256 * 9]);
        document.Node("Conv", "", ["x", "w"], ["y"]);
        document.Output("y", OnnxDataType.Float32);
        return document.ToArray([]);
    }

    sealed unsafe class Work(int items, Action<int> item) : Kernel
    {
        public override int Items => items;

        public override long ScratchBytes => 0;

        public override void Run(int number, byte* scratch) => item(number);
    }
}
