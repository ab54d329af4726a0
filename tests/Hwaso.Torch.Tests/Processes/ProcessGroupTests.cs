using Hwaso.Tests;
using Hwaso.Torch.Processes;

namespace Hwaso.Torch.Tests.Processes;

public sealed class ProcessGroupTests : TensorTest
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Tensors_are_added_compared_spread_and_gathered(int size)
    {
        var results = Ranks.RunGroup(size, group =>
        {
            var sum = Tensor.From([1.0 + group.Rank, 10], 2);
            var greatest = Tensor.From([(long)-group.Rank, group.Rank], 2);
            var spread = Tensor.From([100f + group.Rank], 1);
            group.Sum(sum);
            group.Greatest(greatest);
            group.Spread(spread, from: size - 1);
            var gathered = group.Gather(Tensor.From([(byte)group.Rank, 7], 2)).SelectMany(t => t.ToArray<byte>());
            return (Sum: sum.ToArray<double>(), Greatest: greatest.ToArray<long>(), Spread: spread.ToArray<float>()[0],
                Gathered: gathered.ToArray());
        });

        foreach (var result in results)
        {
            Assert.Equal([size * (size + 1) / 2.0, 10.0 * size], result.Sum);
            Assert.Equal([0L, size - 1], result.Greatest);
            Assert.Equal(100f + size - 1, result.Spread);
            Assert.Equal(Enumerable.Range(0, size).SelectMany(r => new[] { (byte)r, (byte)7 }), result.Gathered);
        }
    }

    [Fact]
    public void The_store_keeps_texts_and_counts()
    {
        using var store = new ProcessStore("127.0.0.1", 0, keeps: true, TimeSpan.FromSeconds(30));
        using var other = new ProcessStore("127.0.0.1", store.Port, keeps: false, TimeSpan.FromSeconds(30));

        Assert.Null(other.Get("word"));
        store.Set("word", "화소");
        Assert.Equal("화소", other.Get("word"));
        Assert.Equal(3, store.Add("count", 3));
        Assert.Equal(5, other.Add("count", 2));
    }

    [Fact]
    public void A_store_that_nobody_keeps_is_an_error_in_time()
    {
        int port;
        using (var closed = new ProcessStore("127.0.0.1", 0, keeps: true, TimeSpan.FromSeconds(30)))
            port = closed.Port;

        var error = Assert.Throws<TorchException>(() => new ProcessStore("127.0.0.1", port, keeps: false, TimeSpan.FromSeconds(1)));

        Assert.Contains($"127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_waits_for_a_process_that_does_not_come_gets_an_error()
    {
        var errors = Ranks.Run(2, (store, rank) =>
        {
            using var group = new ProcessGroup(store, "short", rank, 2, Device.Cpu, TimeSpan.FromSeconds(2));
            using var scope = new Scope();
            if (rank == 1)
                return null;
            var tensor = Tensor.Ones([3]);
            return Record.Exception(() => group.Sum(tensor));
        });

        Assert.Contains("all_reduce", Assert.IsType<TorchException>(errors[0]).Message, StringComparison.Ordinal);
    }
}
