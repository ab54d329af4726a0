using System.Runtime.InteropServices;

namespace Hwaso.Torch.Native;

/// <summary>
/// Everything of Hwaso.Torch that depends on the operating system; <c>native/src/platform.h</c> is its other half. A port to another
/// system changes these two files.
/// </summary>
static unsafe partial class Platform
{
    // getrlimit's numbers on Linux.
    const int Data = 2, AddressSpace = 9;

    /// <summary>Whether the native library has been built and run on this system; elsewhere it is not built at the first use.</summary>
    public static bool IsPorted => OperatingSystem.IsLinux();

    /// <summary>The name of the native library's file.</summary>
    public static string LibraryName => LibraryOf("hwaso_torch");

    /// <summary>The file of libtorch by which its folder is known.</summary>
    public static string LibtorchName => LibraryOf("torch_cpu");

    /// <summary>
    /// The user's own folder for files that can be made again: <c>XDG_CACHE_HOME</c>, else the system's place for them; null where the user
    /// has none. A folder that others may write to, such as <c>/tmp</c>, is no place for a library.
    /// </summary>
    public static string? CacheFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named && Path.IsPathRooted(named))
                return named;
            if (OperatingSystem.IsWindows())
                return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
            return home.Length == 0 ? null
                : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches") : Path.Combine(home, ".cache");
        }
    }

    /// <summary>The folders in which the system's package of libtorch puts its libraries.</summary>
    public static IEnumerable<string> SystemLibraryFolders =>
        OperatingSystem.IsLinux() && Directory.Exists("/usr/lib")
            ? ["/usr/lib", .. Directory.EnumerateDirectories("/usr/lib", "*-linux-*")]
            : [];

    /// <summary>A header that the system's package of libtorch has.</summary>
    public static string SystemHeader => "/usr/include/torch/csrc/api/include/torch/torch.h";

    /// <summary>The program of a name on the <c>PATH</c>; null where there is none.</summary>
    public static string? FindProgram(params ReadOnlySpan<string> names)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in names)
            foreach (var folder in folders)
            {
                var file = Path.Combine(folder, OperatingSystem.IsWindows() ? $"{name}.exe" : name);
                if (File.Exists(file))
                    return file;
            }
        return null;
    }

    /// <summary>
    /// Sets a variable in C's environment, which .NET's own setter does not reach, unless it is set there; does nothing on Windows.
    /// </summary>
    public static void SetEnvironment(string name, string value)
    {
        if (!OperatingSystem.IsWindows())
            _ = setenv(name, value, 0);
    }

    /// <summary>Whether the system limits the memory of this process (<c>ulimit -d</c>, <c>-v</c>).</summary>
    public static bool IsMemoryLimited => OperatingSystem.IsLinux() && (IsLimited(Data) || IsLimited(AddressSpace));

    static bool IsLimited(int resource)
    {
        var limits = stackalloc ulong[2];
        return getrlimit(resource, limits) == 0 && limits[0] != ulong.MaxValue;
    }

    static string LibraryOf(string name) =>
        OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, ulong* limits);
}
