using Hwaso.Tests;

namespace Hwaso.Torch.Tests;

public sealed class TensorMemoryTests : TensorTest
{
    [Fact]
    public void Tensors_that_live_together_share_no_memory_and_are_aligned_whatever_was_freed_before()
    {
        Parallel.For(0, 3, seed =>
        {
            var random = new Random(seed);
            var living = new List<(Tensor Tensor, byte Number)>();
            for (var k = 0; k < 400; k++)
            {
                if (living.Count > 0 && random.Next(5) < (living.Count > 40 ? 3 : 2))
                {
                    var index = random.Next(living.Count);
                    var (old, number) = living[index];
                    Assert.Equal(-1, old.Span<byte>().IndexOfAnyExcept(number));
                    old.Dispose();
                    living.RemoveAt(index);
                    continue;
                }
                // Small ones, which threads keep for their next ones, others, blocks of regions, and a few that no region holds.
                var bytes = random.Next(100) switch
                {
                    0 => 33 << 20,
                    < 25 => random.Next(0, 1100),
                    < 40 => random.Next(0, 16 << 10),
                    _ => random.Next(16 << 10, 200_000),
                };
                var made = Tensor.Empty([bytes], ScalarType.UInt8);
                // The large ones are not read again and again.
                var length = Math.Min(bytes, 200_000);
                made.Span<byte>()[..length].Fill((byte)k);
                if (length < bytes)
                {
                    made.Dispose();
                    continue;
                }
                unsafe
                {
                    fixed (byte* place = made.Span<byte>())
                        Assert.Equal(0, (nint)place % 64);
                }
                living.Add((made, (byte)k));
            }
            foreach (var (tensor, number) in living)
            {
                Assert.Equal(-1, tensor.Span<byte>().IndexOfAnyExcept(number));
                tensor.Dispose();
            }
        });
    }

    [Fact]
    public void Small_tensors_may_outlive_the_thread_that_made_them()
    {
        var made = new List<Tensor>();
        var thread = new Thread(() =>
        {
            for (var k = 0; k < 300; k++)
                using (var freed = Tensor.Empty([k + 1], ScalarType.UInt8))
                {
                    made.Add(Tensor.Empty([k % 256 + 1], ScalarType.UInt8));
                    made[^1].Span<byte>().Fill((byte)k);
                }
        });
        thread.Start();
        thread.Join();
        for (var k = 0; k < made.Count; k++)
        {
            Assert.Equal(-1, made[k].Span<byte>().IndexOfAnyExcept((byte)k));
            made[k].Dispose();
        }
        Assert.Equal(300, made.Count);
    }
}
