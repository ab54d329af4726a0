using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>
/// The native library behind the door. It has to match the libtorch of the machine, so the first use builds it, from sources that this
/// assembly carries, into a cache folder; later uses load it from there. A checkout has its own, and <c>HWASO_NATIVE</c> may name another.
/// </summary>
public static class NativeLibraryFile
{
    /// <summary>The library's file; null where the next use has to build it first.</summary>
    /// <exception cref="DllNotFoundException"><c>HWASO_NATIVE</c> names a file that does not exist.</exception>
    public static string? Find() => LibraryLocator.Find();

    /// <summary>
    /// The library's file, built now if there is none yet, which takes about a minute; safe in several processes at once. Without this
    /// call, the first operator does the same.
    /// </summary>
    /// <param name="log">Gets a line before a build begins.</param>
    /// <exception cref="DllNotFoundException">
    /// There is no libtorch, no cmake, no compiler, or the build failed: the message says which, and what to do.
    /// </exception>
    public static string Prepare(Action<string>? log = null) => LibraryLocator.Find() ?? LibraryBuild.Run(log);
}
