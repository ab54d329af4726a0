using System.Runtime.InteropServices;

namespace Hwaso.Torch.Native;

/// <summary>
/// Finds the door: <c>HWASO_NATIVE</c>, beside the assembly, or <c>native/build</c> of the checkout that it was built in.
/// </summary>
static class LibraryLocator
{
    const string FileName = "libhwaso_torch.so";

    public static nint Load()
    {
        OpenMpWaiting.Shorten();
        var tried = new List<string>();
        foreach (var path in Candidates())
        {
            if (!File.Exists(path))
            {
                tried.Add(path);
                continue;
            }
            try
            {
                return NativeLibrary.Load(path);
            }
            catch (DllNotFoundException error)
            {
                throw new DllNotFoundException(
                    $"{path}: found, but it does not load; is libtorch installed "
                    + $"(Debian: libtorch1.13, or the folder HWASO_LIBTORCH named when it was built)? {error.Message}",
                    error);
            }
        }
        throw new DllNotFoundException(
            $"{FileName} was not found; run `make setup`, or name the file in HWASO_NATIVE. Looked for: {string.Join(", ", tried)}");
    }

    static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("HWASO_NATIVE") is { Length: > 0 } named)
        {
            yield return named;
            yield break;
        }
        yield return Path.Combine(AppContext.BaseDirectory, FileName);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Directory.Exists(Path.Combine(folder.FullName, "native")))
                yield return Path.Combine(folder.FullName, "native", "build", FileName);
    }
}
