using System.Runtime.InteropServices;

namespace Hwaso.Imaging.Native;

/// <summary>Finds the codecs' libraries, or names the package to install.</summary>
static class NativeCodecs
{
    static readonly Lock gate = new();
    static bool registered;

    public static void Register()
    {
        lock (gate)
        {
            if (!registered)
                NativeLibrary.SetDllImportResolver(typeof(NativeCodecs).Assembly, (name, assembly, search) =>
                    NativeLibrary.TryLoad(name, assembly, search, out var handle)
                    ? handle
                    : throw new DllNotFoundException($"{name} is not installed; on Debian: apt-get install "
                        + $"{(name.Contains("spng", StringComparison.Ordinal) ? "libspng0" : "libturbojpeg0")} (make setup does it)"));
            registered = true;
        }
    }
}
