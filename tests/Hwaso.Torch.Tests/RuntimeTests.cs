using Hwaso.Tests;

namespace Hwaso.Torch.Tests;

public sealed class RuntimeTests : TensorTest
{
    [Fact]
    public void Random_state_is_saved_and_restored()
    {
        using var scope = new Scope();
        RandomState.Seed(7);
        Tensor.Randn([5]);
        var state = RandomState.Save(Device.Cpu);
        var first = Tensor.Randn([100]).ToArray<float>();
        RandomState.Restore(Device.Cpu, state);
        Assert.Equal(first, Tensor.Randn([100]).ToArray<float>());
        Assert.Throws<TorchException>(() => RandomState.Restore(Device.Cpu, [1, 2, 3]));
    }

    [Theory]
    [InlineData("DOTNET_PROCESSOR_COUNT", "2")]
    [InlineData("OMP_NUM_THREADS", "1")]
    [InlineData("OPENBLAS_NUM_THREADS", "1")]
    public void Tests_run_with_a_fixed_number_of_threads(string variable, string count)
    {
        var pinned = Environment.GetEnvironmentVariable(variable);
        Assert.True(pinned is not null, $"{variable} is not set; give --settings tests/test.runsettings, as `dotnet test tests/X` does");
        Assert.Equal(count, pinned);
    }

    [Fact]
    public void Threads_are_set()
    {
        var before = TorchInfo.Threads;
        TorchInfo.Threads = 3;
        Assert.Equal(3, TorchInfo.Threads);
        TorchInfo.Threads = before;
        Assert.Throws<ArgumentOutOfRangeException>(() => TorchInfo.Threads = 0);
    }

    [Fact]
    public void Version_and_build_are_told()
    {
        Assert.Matches(@"^\d+\.\d+", TorchInfo.Version);
        Assert.Contains("PyTorch built with", TorchInfo.BuildReport, StringComparison.Ordinal);
    }

    [Fact]
    public void What_CUDA_devices_alone_have_is_refused_on_the_processor_by_name()
    {
        Device.Cpu.Synchronize();
        Assert.Contains("cpu", Assert.Throws<ArgumentException>(() => new CudaGraph(Device.Cpu)).Message, StringComparison.Ordinal);
        Assert.Contains("cpu", Assert.Throws<ArgumentException>(() => DeviceMemory.Of(Device.Cpu)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => DeviceMemory.Reset(Device.Cpu));
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:x")]
    [InlineData("cuda:99")]
    public void A_device_that_is_not_there_is_an_argument_error(string name) => Assert.Throws<ArgumentException>(() => Device.Parse(name));
}
