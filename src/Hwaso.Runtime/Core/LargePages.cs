using System.Runtime.InteropServices;

namespace Hwaso.Runtime.Core;

/// <summary>
/// Asks Linux for pages of 2 MiB: a first run touches each page of its memory, and on virtual machines a page costs up to 15 µs.
/// </summary>
static unsafe partial class LargePages
{
    const long Size = 2 << 20;

    // Smaller memory does not begin with a large page: what is lost to its beginning would be too much.
    const long Least = 2 * Size;

    const int HugePage = 14, ReadWrite = 3, PrivateAnonymous = 0x22;

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
            _ = AdvisePages(first, (nuint)length, HugePage);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // A Linux without this C library.
        }
    }

    /// <summary>The length of an array that has room for some bytes from <see cref="Begin"/> on.</summary>
    public static long Room(long bytes) =>
        bytes >= Least && bytes <= Array.MaxLength - (2 * Size) ? bytes + (2 * Size) : bytes + PinnedMemory.Alignment;

    /// <summary>Where to begin in a pinned array of <see cref="Room"/>: with a large page if there are several.</summary>
    /// <param name="pinned">The array, which nothing was written to yet.</param>
    /// <param name="bytes">How many bytes are needed.</param>
    public static byte* Begin(byte[] pinned, long bytes)
    {
        var from = PinnedMemory.Align(pinned);
        if (pinned.Length < bytes + (2 * Size))
            return from;
        from = (byte*)(((nint)from + (nint)Size - 1) & ~((nint)Size - 1));
        // Half a large page is better than many small ones.
        Advise(from, bytes + (Size / 2));
        return from;
    }

    /// <summary>Maps memory of zeros, on Linux in large pages; <see cref="Unmap"/> returns it.</summary>
    /// <param name="bytes">How many.</param>
    /// <exception cref="InsufficientMemoryException">The system has no more memory.</exception>
    public static byte* Map(long bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            var block = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, PinnedMemory.Alignment);
            NativeMemory.Clear(block, (nuint)bytes);
            return block;
        }
        // A large page more, so that the first byte begins one.
        var address = MapPages(0, (nuint)Whole(bytes), ReadWrite, PrivateAnonymous, -1, 0);
        if (address == -1)
            throw new InsufficientMemoryException($"the system has no {bytes} bytes for weights");
        var from = (byte*)((address + (nint)Size - 1) & ~((nint)Size - 1));
        // What lies before and behind was never touched; only what was mapped can be returned.
        if (from > (byte*)address)
            _ = UnmapPages(address, (nuint)(from - (byte*)address));
        _ = UnmapPages((nint)from + Pages(bytes), (nuint)(address + (nint)Whole(bytes) - ((nint)from + Pages(bytes))));
        Advise(from, Pages(bytes));
        return from;
    }

    /// <summary>Returns what <see cref="Map"/> gave.</summary>
    /// <param name="from">The first byte.</param>
    /// <param name="bytes">How many.</param>
    public static void Unmap(byte* from, long bytes)
    {
        if (OperatingSystem.IsLinux())
            _ = UnmapPages((nint)from, (nuint)Pages(bytes));
        else
            NativeMemory.AlignedFree(from);
    }

    static nint Pages(long bytes) => (nint)((bytes + Environment.SystemPageSize - 1) / Environment.SystemPageSize
        * Environment.SystemPageSize);

    static long Whole(long bytes) => Pages(bytes) + Size;

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int AdvisePages(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint MapPages(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int UnmapPages(nint address, nuint length);
}
