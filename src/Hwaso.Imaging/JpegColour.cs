using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Imaging;

/// <summary>
/// Makes colours of a JPEG's planes: chroma of half the size is enlarged with weights of 3 and 1 to the nearer and farther sample, as
/// libjpeg's "fancy" upsampling does, then Y'CbCr becomes RGB by ITU-R BT.601 in 16-bit fixed point. And the way back. The same bytes as
/// libjpeg's.
/// </summary>
static unsafe class JpegColour
{
    // JFIF: 1.402, 1.772, 0.71414 and 0.34414 times 2^16.
    const int RedOfCr = 91881, BlueOfCb = 116130, GreenOfCr = 46802, GreenOfCb = 22554, Half = 1 << 15;

    // BT.601: 0.299, 0.587, 0.114; 0.16874, 0.33126, 0.5; 0.41869, 0.08131, times 2^16.
    const int LumaOfRed = 19595, LumaOfGreen = 38470, LumaOfBlue = 7471, CbOfRed = 11059, CbOfGreen = 21709, CrOfGreen = 27439,
        CrOfBlue = 5329, ChromaMiddle = (128 << 16) + Half - 1;

    /// <summary>Room that a row of chroma needs behind its last sample, and before its first one.</summary>
    public const int Margin = 32;

    /// <summary>Mixes a row of chroma with the row above or below it, 3 to 1, and doubles its width.</summary>
    /// <param name="near">The row's samples.</param>
    /// <param name="far">The other row.</param>
    /// <param name="count">Samples.</param>
    /// <param name="sums">Scratch space of count values and a <see cref="Margin"/> on either side.</param>
    /// <param name="target">Receives 2 · count samples, and may be written for a <see cref="Margin"/> behind them.</param>
    /// <param name="twoRows">Whether the height doubles too; otherwise only the near row counts.</param>
    public static void Enlarge(byte* near, byte* far, int count, ushort* sums, byte* target, bool twoRows)
    {
        var sum = sums + Margin;
        for (var k = 0; k < count; k += Vector256<ushort>.Count)
        {
            var mixed = Wide(near + k);
            (twoRows ? mixed * 3 + Wide(far + k) : mixed).Store(sum + k);
        }
        // Beyond the ends are the outermost samples.
        (sum[-1], sum[count]) = (sum[0], sum[count - 1]);
        // In rows and columns the weights add up to 16, in columns alone to 4.
        var (left, right, shift) = twoRows ? ((ushort)8, (ushort)7, 4) : ((ushort)1, (ushort)2, 2);
        var (first, second) = (Vector256.Create(left), Vector256.Create(right));
        for (var k = 0; k < count; k += Vector256<ushort>.Count)
        {
            var middle = Vector256.Load(sum + k) * 3;
            var even = middle + Vector256.Load(sum + k - 1) + first >> shift;
            var odd = middle + Vector256.Load(sum + k + 1) + second >> shift;
            (even | odd << 8).Store((ushort*)(target + 2 * k));
        }
    }

    /// <summary>Turns a row of Y'CbCr into RGB; samples behind the row are read up to a <see cref="Margin"/>.</summary>
    public static void Convert(byte* luma, byte* cb, byte* cr, byte* rgb, int width)
    {
        var x = 0;
        // A store writes four bytes more than it keeps, which the next one overwrites.
        for (; x <= width - 10; x += 8)
        {
            var (y, b, r) = (Ints(luma + x), Ints(cb + x) - Vector256.Create(128), Ints(cr + x) - Vector256.Create(128));
            var packed = (Byte(y + (r * RedOfCr + Vector256.Create(Half) >> 16))
                | Byte(y + (Vector256.Create(Half) - b * GreenOfCb - r * GreenOfCr >> 16)) << 8
                | Byte(y + (b * BlueOfCb + Vector256.Create(Half) >> 16)) << 16).AsByte();
            var kept = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);
            Vector128.Shuffle(packed.GetLower(), kept).Store(rgb + 3 * x);
            Vector128.Shuffle(packed.GetUpper(), kept).Store(rgb + 3 * x + 12);
        }
        for (; x < width; x++)
        {
            var (y, b, r) = (luma[x], cb[x] - 128, cr[x] - 128);
            rgb[3 * x] = (byte)Math.Clamp(y + (r * RedOfCr + Half >> 16), 0, 255);
            rgb[3 * x + 1] = (byte)Math.Clamp(y + (Half - b * GreenOfCb - r * GreenOfCr >> 16), 0, 255);
            rgb[3 * x + 2] = (byte)Math.Clamp(y + (b * BlueOfCb + Half >> 16), 0, 255);
        }
    }

    /// <summary>Gray as three equal channels.</summary>
    public static void Gray(byte* luma, byte* rgb, int width)
    {
        for (var x = 0; x < width; x++)
            rgb[3 * x] = rgb[3 * x + 1] = rgb[3 * x + 2] = luma[x];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<ushort> Wide(byte* samples)
    {
        var bytes = Vector128.Load(samples);
        return Vector256.Create(Vector128.WidenLower(bytes), Vector128.WidenUpper(bytes));
    }

    /// <summary>Turns a row of RGB into Y'CbCr.</summary>
    public static void FromRgb(byte* rgb, byte* luma, byte* cb, byte* cr, int width)
    {
        var x = 0;
        // A load reads four bytes more than it needs.
        for (; x <= width - 10; x += 8)
        {
            var (r, g, b) = (Every(rgb + 3 * x, 0), Every(rgb + 3 * x, 1), Every(rgb + 3 * x, 2));
            Store(r * LumaOfRed + g * LumaOfGreen + b * LumaOfBlue + Vector256.Create(Half), luma + x);
            Store((b << 15) - r * CbOfRed - g * CbOfGreen + Vector256.Create(ChromaMiddle), cb + x);
            Store((r << 15) - g * CrOfGreen - b * CrOfBlue + Vector256.Create(ChromaMiddle), cr + x);
        }
        for (; x < width; x++)
        {
            var (r, g, b) = (rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2]);
            luma[x] = (byte)(r * LumaOfRed + g * LumaOfGreen + b * LumaOfBlue + Half >> 16);
            cb[x] = (byte)((b << 15) - r * CbOfRed - g * CbOfGreen + ChromaMiddle >> 16);
            cr[x] = (byte)((r << 15) - g * CrOfGreen - b * CrOfBlue + ChromaMiddle >> 16);
        }
    }

    /// <summary>Halves width and height: the mean of four samples, of which every second one is rounded up.</summary>
    /// <param name="above">A row of 2 · count samples.</param>
    /// <param name="below">The row below it.</param>
    /// <param name="target">Receives the means, and may be written up to a multiple of eight.</param>
    /// <param name="count">Means.</param>
    public static void Halve(byte* above, byte* below, byte* target, int count)
    {
        var round = Vector128.Create((ushort)1, 2, 1, 2, 1, 2, 1, 2);
        for (var x = 0; x < count; x += 8)
        {
            var (one, two) = (Vector128.Load((ushort*)(above + 2 * x)), Vector128.Load((ushort*)(below + 2 * x)));
            var low = Vector128.Create((ushort)255);
            var mean = (one & low) + (one >> 8) + (two & low) + (two >> 8) + round >> 2;
            *(ulong*)(target + x) = Vector128.Narrow(mean, mean).AsUInt64()[0];
        }
    }

    /// <summary>One of the three channels of eight pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Every(byte* rgb, int channel)
    {
        var c = (byte)channel;
        var places = Vector128.Create(c, 255, 255, 255, (byte)(c + 3), 255, 255, 255, (byte)(c + 6), 255, 255, 255, (byte)(c + 9), 255, 255,
            255);
        return Vector256.Create(Vector128.Shuffle(Vector128.Load(rgb), places), Vector128.Shuffle(Vector128.Load(rgb + 12), places))
            .AsInt32();
    }

    /// <summary>The upper halves of eight values as bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector256<int> values, byte* target)
    {
        var upper = (values >> 16).AsUInt32();
        var shorts = Vector128.Narrow(upper.GetLower(), upper.GetUpper());
        *(ulong*)target = Vector128.Narrow(shorts, shorts).AsUInt64()[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Ints(byte* samples)
    {
        var shorts = Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)samples).AsByte());
        return Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Byte(Vector256<int> value) => Vector256.Max(Vector256<int>.Zero, Vector256.Min(Vector256.Create(255), value));
}
