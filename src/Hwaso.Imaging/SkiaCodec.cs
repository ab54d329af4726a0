using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace Hwaso.Imaging;

/// <summary>
/// Decodes JPEG (libjpeg-turbo's accurate transform and smooth upsampling, as OpenCV and Pillow use them), WebP, BMP and the first frame
/// of GIF by SkiaSharp. Colour profiles are not applied, and pixels are not turned by Exif data.
/// </summary>
static unsafe class SkiaCodec
{
    // Four bytes a pixel that stay in the cache until three of them are kept.
    const int LinesAtOnce = 16;

    const string Switch = "Hwaso.Imaging.Skia";

    // A program that leaves SkiaSharp out sets the switch to false at compile time, and the trimmer removes what follows from it.
    [FeatureSwitchDefinition(Switch)]
    static bool IsIncluded { get; } = !AppContext.TryGetSwitch(Switch, out var included) || included;

    /// <summary>Width and height, from the header.</summary>
    /// <exception cref="ImageFormatException">The header is damaged.</exception>
    public static (int Width, int Height) Size(ReadOnlySpan<byte> file, ImageKind kind, string name)
    {
        if (!IsIncluded)
            throw LeftOut(kind, name);
        fixed (byte* bytes = file)
        {
            using var data = SKData.Create((nint)bytes, file.Length);
            using var codec = Open(data, file.Length, kind, name);
            return (codec.Info.Width, codec.Info.Height);
        }
    }

    /// <summary>Decodes a file; opacity is dropped.</summary>
    /// <exception cref="ImageFormatException">The file is cut short, corrupt, or claims more pixels than it can hold.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, ImageKind kind, string name)
    {
        if (!IsIncluded)
            throw LeftOut(kind, name);
        fixed (byte* bytes = file)
        {
            using var data = SKData.Create((nint)bytes, file.Length);
            using var codec = Open(data, file.Length, kind, name);
            // Without premultiplication, so that dropping opacity leaves colours as they are stored; without a colour space, so that no
            // profile is applied.
            var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888,
                codec.Info.IsOpaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul, null);
            var image = new RgbImage(info.Width, info.Height, PixelBuffer.Uncleared<byte>(info.Width, info.Height, 3));
            if (kind == ImageKind.Jpeg)
                Lines(codec, info, image, name);
            else
                Whole(codec, info, image, kind, name);
            return image;
        }
    }

    static SKCodec Open(SKData data, int length, ImageKind kind, string name)
    {
        var codec = SKCodec.Create(data) ?? throw Broken(kind, "its header cannot be read", name);
        try
        {
            // The densest: a GIF's code of 12 bits stands for 4096 pixels at most, a run of a BMP of two bytes for 255. A WebP of one
            // colour has a few hundred bytes whatever its size.
            ImageLimits.Check(name, codec.Info.Width, codec.Info.Height, pixelBits: 24, length, kind == ImageKind.WebP ? 1 << 18 : 1 << 13);
            return codec;
        }
        catch
        {
            codec.Dispose();
            throw;
        }
    }

    static void Lines(SKCodec codec, SKImageInfo info, RgbImage image, string name)
    {
        if (codec.StartScanlineDecode(info) is not SKCodecResult.Success and var result)
            throw Broken(ImageKind.Jpeg, Words(result), name);
        var some = new byte[LinesAtOnce * info.RowBytes];
        fixed (byte* target = some)
            for (var y = 0; y < info.Height; y += LinesAtOnce)
            {
                var count = Math.Min(LinesAtOnce, info.Height - y);
                if (codec.GetScanlines((nint)target, count, info.RowBytes) is var got && got != count)
                    throw Broken(ImageKind.Jpeg, $"its pixels end in line {y + got} of {info.Height}", name);
                DropFourth(some.AsSpan(0, count * info.RowBytes), image.Pixels.AsSpan(3 * y * info.Width, 3 * count * info.Width));
            }
    }

    static void Whole(SKCodec codec, SKImageInfo info, RgbImage image, ImageKind kind, string name)
    {
        if (info.BytesSize64 > Array.MaxLength)
            throw new ImageFormatException(name, $"{ImageKinds.Name(kind)} of {info.Width}×{info.Height} pixels, more than can be decoded "
                + "at once; split it into tiles");
        var all = GC.AllocateUninitializedArray<byte>(info.BytesSize);
        fixed (byte* target = all)
            if (codec.GetPixels(info, (nint)target) is not SKCodecResult.Success and var result)
                throw Broken(kind, Words(result), name);
        DropFourth(all, image.Pixels);
    }

    /// <summary>Keeps three of each four bytes.</summary>
    static void DropFourth(ReadOnlySpan<byte> four, Span<byte> three)
    {
        var k = 0;
        var kept = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);
        ref var from = ref MemoryMarshal.GetReference(four);
        ref var to = ref MemoryMarshal.GetReference(three);
        // A store writes four bytes more than it keeps: the next one overwrites them.
        for (; 4 * k + 16 <= four.Length && 3 * k + 16 <= three.Length; k += 4)
            Vector128.Shuffle(Vector128.LoadUnsafe(ref from, (nuint)(4 * k)), kept).StoreUnsafe(ref to, (nuint)(3 * k));
        for (; 4 * k < four.Length; k++)
            (three[3 * k], three[3 * k + 1], three[3 * k + 2]) = (four[4 * k], four[4 * k + 1], four[4 * k + 2]);
    }

    static string Words(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "its pixels end early",
        SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => "its pixels cannot be decoded",
        _ => $"the decoder answers {result}",
    };

    static ImageFormatException LeftOut(ImageKind kind, string name) => new(name,
        (kind == ImageKind.Jpeg ? "a progressive, CMYK or otherwise unusual JPEG" : ImageKinds.Name(kind))
            + ", which this program cannot read, as it was built without SkiaSharp; convert it to a PNG or a baseline JPEG");

    static ImageFormatException Broken(ImageKind kind, string what, string name) =>
        new(name, $"{ImageKinds.Name(kind)} that is cut short or corrupt ({what}); fetch or export it again");
}
