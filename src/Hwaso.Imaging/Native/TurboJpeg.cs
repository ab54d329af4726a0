using System.Runtime.InteropServices;

namespace Hwaso.Imaging.Native;

/// <summary>The TurboJPEG API of libjpeg-turbo 2.</summary>
static unsafe partial class TurboJpeg
{
    const string Library = "libturbojpeg.so.0";

    public const int Rgb = 0;
    public const int ColorCmyk = 3;
    public const int ColorYcck = 4;
    public const int AccurateDct = 4096;
    public const int StopOnWarning = 8192;
    // A progressive file of a million empty scans would decode for minutes; 500 are allowed.
    public const int LimitScans = 32768;
    public const int Sampling444 = 0;
    public const int Sampling420 = 2;

    static TurboJpeg() => NativeCodecs.Register();

    [LibraryImport(Library)]
    internal static partial nint tjInitDecompress();

    [LibraryImport(Library)]
    internal static partial nint tjInitCompress();

    [LibraryImport(Library)]
    internal static partial int tjDestroy(nint handle);

    [LibraryImport(Library)]
    internal static partial int tjDecompressHeader3(nint handle, byte* bytes, nuint length, int* width, int* height, int* subsampling,
        int* colorspace);

    [LibraryImport(Library)]
    internal static partial int tjDecompress2(nint handle, byte* bytes, nuint length, byte* target, int width, int pitch, int height,
        int format, int flags);

    [LibraryImport(Library)]
    internal static partial int tjCompress2(
        nint handle, byte* source, int width, int pitch, int height, int format, byte** bytes, nuint* length, int subsampling, int quality,
        int flags);

    [LibraryImport(Library)]
    internal static partial void tjFree(byte* bytes);

    [LibraryImport(Library)]
    internal static partial byte* tjGetErrorStr2(nint handle);

    internal static string Error(nint handle) => Marshal.PtrToStringUTF8((nint)tjGetErrorStr2(handle)) ?? "unknown error";
}
