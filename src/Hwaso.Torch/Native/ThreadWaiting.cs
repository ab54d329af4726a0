namespace Hwaso.Torch.Native;

/// <summary>
/// How long libtorch's threads spin after a parallel loop, and OpenBLAS's after a product of matrices, before they sleep. GNU OpenMP's
/// 300,000 turns, some milliseconds, and OpenBLAS's 2^26 cycles, some 20 ms, are lost time where other threads need the processor, such
/// as those of our own kernels; docs/decisions/threads.md has the measurements.
/// </summary>
static class ThreadWaiting
{
    // The user's own settings stay.
    static readonly string[] openMp = ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"], openBlas = ["OPENBLAS_THREAD_TIMEOUT"];

    /// <summary>
    /// To be called before the libraries are loaded: they read the environment then, and C's, which .NET's own setter does not reach.
    /// </summary>
    public static void Shorten()
    {
        Set(openMp, "1000");
        // The logarithm of cycles.
        Set(openBlas, "14");
    }

    static void Set(string[] settings, string value)
    {
        if (Array.TrueForAll(settings, name => Environment.GetEnvironmentVariable(name) is null))
            Platform.SetEnvironment(settings[0], value);
    }
}
