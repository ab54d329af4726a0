using System.Runtime.InteropServices;

namespace Hwaso.Torch.Native;

/// <summary>
/// Finds the native library: the file that <c>HWASO_NATIVE</c> names, beside the program, in the checkout that the program was built in,
/// or in the cache of libraries built at a first use (<see cref="LibraryBuild"/>).
/// </summary>
static class LibraryLocator
{
    // Lies beside programs that a checkout builds, and in no package and nothing published: only such a program looks in folders above it.
    const string CheckoutMark = "hwaso.checkout.json";

    // A failure is not kept: the next call looks again.
    static readonly Lazy<nint> library = new(Load, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>The library, loaded and initialised.</summary>
    /// <exception cref="DllNotFoundException">There is none, or it does not load.</exception>
    public static nint Library => library.Value;

    static unsafe nint Load()
    {
        ThreadWaiting.Shorten();
        var path = Find() ?? LibraryBuild.Run(log: null);
        try
        {
            var loaded = NativeLibrary.Load(path);
            ((delegate* unmanaged<void>)NativeLibrary.GetExport(loaded, "hw_initialise"))();
            return loaded;
        }
        catch (DllNotFoundException error)
        {
            throw new DllNotFoundException(
                $"{path}: found, but it does not load; is the libtorch that it was built against still installed "
                + $"(Debian: libtorch-dev, or the folder that HWASO_LIBTORCH named)? {error.Message}", error);
        }
    }

    /// <summary>The library's file; null where there is none yet.</summary>
    /// <exception cref="DllNotFoundException"><c>HWASO_NATIVE</c> names a file that does not exist.</exception>
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("HWASO_NATIVE") is { Length: > 0 } named)
            return File.Exists(named) ? named : throw new DllNotFoundException(
                $"HWASO_NATIVE names {named}, which does not exist; training and running checkpoints need that library: correct the path, "
                + "or unset HWASO_NATIVE so that the library is looked for and built");
        return Candidates().FirstOrDefault(File.Exists) ?? LibraryBuild.Find();
    }

    static IEnumerable<string> Candidates()
    {
        yield return Path.Combine(AppContext.BaseDirectory, Platform.LibraryName);
        if (!File.Exists(Path.Combine(AppContext.BaseDirectory, CheckoutMark)))
            yield break;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Hwaso.slnx")))
            {
                yield return Path.Combine(folder.FullName, "native", "build", Platform.LibraryName);
                yield break;
            }
    }
}
