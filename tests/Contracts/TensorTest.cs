using System.Runtime.Intrinsics.Arm;
using Hwaso.Torch;

// Tensors belong to threads and the thread count is the process's: one test at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Hwaso.Tests;

/// <summary>A test that makes tensors: it fails if the finalizer had to free one, i.e. if any had neither scope nor owner.</summary>
public abstract class TensorTest : IDisposable
{
    readonly long before = Tensor.Finalized;

    /// <summary>Begins with the threads that tests/test.runsettings gives every host, whatever the test before has set.</summary>
    protected TensorTest() => TorchInfo.Threads = Environment.ProcessorCount;

    /// <summary>
    /// Whether libtorch's own loops fuse a multiplication with the addition after it, as they do from AVX2 on and on ARM. Recorded bits are
    /// of such loops: older processors' (and ATEN_CPU_CAPABILITY=default) round once more.
    /// </summary>
    protected static bool TorchFuses { get; } =
        AdvSimd.IsSupported || TorchInfo.BuildReport.Contains("CPU capability usage: AVX", StringComparison.Ordinal);

    public virtual void Dispose()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(before, Tensor.Finalized);
        GC.SuppressFinalize(this);
    }

    /// <summary>|actual − expected| ≤ tolerance × max|expected|, element by element.</summary>
    protected static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = 0, worst = 0;
        for (var k = 0; k < expected.Length; k++)
        {
            largest = Math.Max(largest, Math.Abs(expected[k]));
            worst = Math.Max(worst, Math.Abs(expected[k] - (double)actual[k]));
            Assert.False(float.IsNaN(actual[k]) && !float.IsNaN(expected[k]), $"{what}: NaN at {k}");
        }
        Assert.True(worst <= tolerance * largest, $"{what}: largest difference {worst:g4} against {tolerance:g3} × {largest:g4}");
    }
}
