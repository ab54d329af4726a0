using System.Runtime.InteropServices;

namespace Hwaso.Runtime.Core;

/// <summary>
/// Asks Linux for pages of 2 MiB: a first run touches each page of its memory, and on virtual machines a page costs up to 15 µs.
/// </summary>
static unsafe partial class LargePages
{
    const long Size = 2 << 20;

    const int HugePage = 14;

    /// <summary>Asks for large pages for memory that was not touched yet; does nothing where there are none.</summary>
    /// <param name="from">The first byte.</param>
    /// <param name="bytes">How many; those of whole large pages get them.</param>
    public static void Advise(byte* from, long bytes)
    {
        var first = ((nint)from + (nint)Size - 1) & ~((nint)Size - 1);
        var length = (((nint)from + (nint)bytes) & ~((nint)Size - 1)) - first;
        if (length <= 0 || !OperatingSystem.IsLinux())
            return;
        try
        {
            // Its result does not matter: without large pages all works as before.
            _ = Advise(first, (nuint)length, HugePage);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // A Linux without this C library.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nint address, nuint length, int advice);
}
