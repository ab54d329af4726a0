using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Operators;

public sealed class OperatorThreadsTests : TensorTest
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public void Libtorch_runs_on_one_thread_beside_own_kernels_unless_the_network_is_a_transformer(bool isTransformer, int expected)
    {
        var before = TorchInfo.Threads;
        try
        {
            TorchInfo.Threads = 3;
            using var weights = Weights.Create();
            if (isTransformer)
                _ = new LayerNorm(weights / "norm", [4]);
            _ = new Conv2d(weights / "conv", 4, 4, kernel: 3);
            using (new OwnKernelsScope(weights))
            {
                Assert.Equal(expected, LibtorchThreads);
                Assert.Equal(3, TorchInfo.Threads);
            }
            Assert.Equal(3, LibtorchThreads);
        }
        finally
        {
            TorchInfo.Threads = before;
        }
    }

    // The report says "at::get_num_threads() : 3".
    static int LibtorchThreads => int.Parse(TorchInfo.BuildReport.Split("at::get_num_threads() : ")[1].Split('\n')[0], null);
}
