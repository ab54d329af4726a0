using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>The libtorch behind the door: version, devices, threads.</summary>
public static unsafe class TorchInfo
{
    /// <summary>libtorch's version, e.g. <c>1.13.1</c>.</summary>
    public static string Version => Text(&VersionInto, "version");

    /// <summary>libtorch's build and hardware: compiler, BLAS, oneDNN, OpenMP, CPU capability, threads.</summary>
    public static string BuildReport => Text(&ReportInto, "build report");

    /// <summary>
    /// Why libtorch convolves without oneDNN on this machine; null where it uses it. The first use of libtorch compares small convolutions
    /// with libtorch's own kernels, and turns oneDNN off for the process where they differ: oneDNN 3.7.2, which Debian 13 has, gets the
    /// weights of 17 or 24 channels wrong on some processors. Convolutions are right without it, and slower.
    /// </summary>
    public static string? OneDnnFault => NativeMethods.hw_convolution_fault() is > 0 and var difference
        ? FormattableString.Invariant($"oneDNN of libtorch {Version} computes convolutions of 17 or 24 channels wrong on this processor ")
            + FormattableString.Invariant($"(by {difference:0.##} of the largest number), so libtorch convolves without it, ")
            + "which is slower; another libtorch (HWASO_LIBTORCH) may be right"
        : null;

    /// <summary>How many CUDA devices libtorch sees.</summary>
    public static int CudaDevices
    {
        get
        {
            int count;
            return NativeMethods.hw_cuda_devices(&count) == 0
                ? count
                : throw new TorchException("cuda devices", "", "", NativeMethods.LastError);
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
                throw new TorchException("set threads", "", $"{value}", NativeMethods.LastError);
        }
    }

    /// <summary>
    /// Reserves the memory for matrix products where the process's memory is limited (<c>ulimit</c>), because OpenBLAS retries for ever
    /// when it gets none.
    /// </summary>
    /// <exception cref="TorchException">There is not enough.</exception>
    public static void ReserveProducts() => ProductMemory.Reserve();

    /// <summary>
    /// Whether the process keeps to operators that give the same bits at each run: those of CUDA that cannot are expressed by others where
    /// we know how, and refuse where we do not.
    /// </summary>
    public static bool IsDeterministic
    {
        // Not inlined, for the reason that NoGrad has.
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => NativeMethods.hw_deterministic() != 0;
        set
        {
            if (NativeMethods.hw_set_deterministic(value ? 1 : 0) != 0)
                throw new TorchException("set deterministic", "", "", NativeMethods.LastError);
        }
    }

    /// <summary>
    /// Whether the processor has instructions that multiply bfloat16 (AVX512-BF16): without them libtorch is several times slower with it
    /// than with float32.
    /// </summary>
    public static bool ProcessorHasBFloat16
    {
        get
        {
            // CPUID leaf 7, subleaf 1: EAX bit 5. IsSupported also checks that the operating system saves such registers.
            const int Features = 7, Further = 1, BFloat16 = 1 << 5;
            return Avx512BW.IsSupported && X86Base.CpuId(Features, 0).Eax >= Further
                && (X86Base.CpuId(Features, Further).Eax & BFloat16) != 0;
        }
    }

    static int VersionInto(byte** text) => NativeMethods.hw_version(text);

    static int ReportInto(byte** text) => NativeMethods.hw_build_report(text);

    static string Text(delegate*<byte**, int> into, string what)
    {
        byte* text;
        return into(&text) == 0 ? NativeMethods.TakeText(text) : throw new TorchException(what, "", "", NativeMethods.LastError);
    }
}
