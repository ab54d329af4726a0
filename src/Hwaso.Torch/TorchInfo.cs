using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>The libtorch behind the door: version, devices, threads.</summary>
public static unsafe class TorchInfo
{
    /// <summary>libtorch's version, e.g. <c>1.13.1</c>.</summary>
    public static string Version => Text(&VersionInto, "version");

    /// <summary>How libtorch was built and what it runs on: compiler, BLAS, oneDNN, OpenMP, CPU capability, threads.</summary>
    public static string BuildReport => Text(&ReportInto, "build report");

    /// <summary>How many CUDA devices libtorch sees.</summary>
    public static int CudaDevices
    {
        get
        {
            int count;
            return NativeMethods.hw_cuda_devices(&count) == 0 ? count : throw new TorchException("cuda devices", "", "", NativeMethods.LastError);
        }
    }

    /// <summary>How many threads an operator may use; libtorch's own default counts physical cores, so set it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public static int Threads
    {
        get => NativeMethods.hw_threads();
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            if (NativeMethods.hw_set_threads(value) != 0)
                throw new TorchException("set threads", "", value.ToString(), NativeMethods.LastError);
        }
    }

    /// <summary>Makes operators refuse that give other bits at each run (of CUDA, mostly).</summary>
    public static void SetDeterministic(bool enabled)
    {
        if (NativeMethods.hw_set_deterministic(enabled ? 1 : 0) != 0)
            throw new TorchException("set deterministic", "", "", NativeMethods.LastError);
    }

    static int VersionInto(byte** text) => NativeMethods.hw_version(text);

    static int ReportInto(byte** text) => NativeMethods.hw_build_report(text);

    static string Text(delegate*<byte**, int> into, string what)
    {
        byte* text;
        return into(&text) == 0 ? NativeMethods.TakeText(text) : throw new TorchException(what, "", "", NativeMethods.LastError);
    }
}
