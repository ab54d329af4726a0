using System.ComponentModel;
using System.Diagnostics;

namespace Hwaso.Torch.Native;

/// <summary>An installed libtorch with its headers.</summary>
/// <param name="Folder">The folder that holds <c>include</c> and <c>lib</c>; empty for the system's package.</param>
/// <param name="Library">Its main library.</param>
sealed record Libtorch(string Folder, string Library)
{
    // A first start of Python reads many files; what takes longer hangs.
    const int PatienceMs = 30_000;

    // Finds the package without importing it, which would take seconds, and not in the current folder.
    const string Ask = "import sys, importlib.util as u; sys.path = [p for p in sys.path if p]; s = u.find_spec('torch'); "
        + "print(s.submodule_search_locations[0] if s else '')";

    /// <summary>Another text for each version that was installed there.</summary>
    public string Stamp =>
        new FileInfo(Library) is { Exists: true } file ? $"{file.Length} {file.LastWriteTimeUtc.Ticks}" : "missing";

    /// <summary>
    /// The folder that <c>HWASO_LIBTORCH</c> names, else the torch package of the Python on the path, else the system's package; null where
    /// there is none.
    /// </summary>
    /// <exception cref="DllNotFoundException"><c>HWASO_LIBTORCH</c> names a folder that is none.</exception>
    public static Libtorch? Find()
    {
        if (Environment.GetEnvironmentVariable("HWASO_LIBTORCH") is { Length: > 0 } named)
            return Of(named) ?? throw new DllNotFoundException(
                $"HWASO_LIBTORCH={named} does not hold libtorch with its headers (lib/{Platform.LibtorchName} and include/ATen): name an "
                + "unpacked libtorch archive or the torch folder of a Python installation");
        return OfPython() ?? OfSystem();
    }

    /// <summary>The libtorch in a folder; null where the folder is none.</summary>
    public static Libtorch? Of(string folder)
    {
        var library = Path.Combine(folder, "lib", Platform.LibtorchName);
        return File.Exists(library) && Directory.Exists(Path.Combine(folder, "include", "ATen"))
            ? new Libtorch(Path.GetFullPath(folder), library)
            : null;
    }

    static Libtorch? OfPython()
    {
        if (Platform.FindProgram("python3", "python") is not { } python)
            return null;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, ["-c", Ask])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync();
            var answer = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(PatienceMs))
            {
                process.Kill(entireProcessTree: true);
                return null;
            }
            _ = errors.GetAwaiter().GetResult();
            return answer.GetAwaiter().GetResult().Trim() is { Length: > 0 } folder ? Of(folder) : null;
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException)
        {
            // A Python that does not start has no libtorch for us.
            return null;
        }
    }

    static Libtorch? OfSystem() => !File.Exists(Platform.SystemHeader) ? null
        : Platform.SystemLibraryFolders.Select(folder => Path.Combine(folder, Platform.LibtorchName)).FirstOrDefault(File.Exists)
            is { } library ? new Libtorch("", library) : null;
}
