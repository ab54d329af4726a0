using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Common;

/// <summary>
/// Cuts people out of images: the affine map of a crop, and the warp of cv2.warpAffine with bilinear interpolation and a black border, byte
/// for byte as OpenCV up to 4.10. Training and deployment make the same crops with it.
/// </summary>
/// <remarks>The source is compiled into every project that needs it. Maps are six numbers: xx, xy, x0, yx, yy, y0.</remarks>
static class CropWarp
{
    // Positions in 1/32 pixel, weights of 10 bits.
    const int Parts = 32, PositionBits = 10;

    /// <summary>
    /// The map of an image's pixels to a crop's: three corners in single precision and the six equations between them.
    /// </summary>
    /// <param name="x">The centre's x in the image.</param>
    /// <param name="y">The centre's y.</param>
    /// <param name="cropWidth">The crop's width in pixels of the image, which alone sets the size.</param>
    /// <param name="degrees">How far it is turned.</param>
    /// <param name="width">The crop's width in its own pixels.</param>
    /// <param name="height">The crop's height.</param>
    public static double[] Map(float x, float y, float cropWidth, double degrees, int width, int height) =>
        Solve(ImageCorners(x, y, cropWidth, degrees), CropCorners(width, height));

    /// <summary>The map back, solved with the corners exchanged, not by inverting the other.</summary>
    /// <inheritdoc cref="Map"/>
    public static double[] MapBack(float x, float y, float cropWidth, double degrees, int width, int height) =>
        Solve(CropCorners(width, height), ImageCorners(x, y, cropWidth, degrees));

    /// <summary>
    /// The map of unbiased data processing (UDP), between centres of the outermost pixels, in single precision as mmpose makes it. It turns
    /// the other way.
    /// </summary>
    public static double[] UnbiasedMap(double x, double y, double cropWidth, double cropHeight, double degrees, int width, int height)
    {
        var (sin, cos) = Math.SinCos(degrees * Math.PI / 180);
        var (kx, ky) = ((width - 1) / cropWidth, (height - 1) / cropHeight);
        return
        [
            (float)(cos * kx), (float)(-sin * kx), (float)(kx * (-x * cos + y * sin + 0.5 * cropWidth)),
            (float)(sin * ky), (float)(cos * ky), (float)(ky * (-x * sin - y * cos + 0.5 * cropHeight)),
        ];
    }

    /// <summary>The inverse of a map; all 0 where there is none.</summary>
    public static double[] Inverse(ReadOnlySpan<double> map)
    {
        var determinant = map[0] * map[4] - map[1] * map[3];
        var d = determinant != 0 ? 1 / determinant : 0;
        var (a, b, c, e) = (map[4] * d, -map[1] * d, -map[3] * d, map[0] * d);
        return [a, b, -a * map[2] - b * map[5], c, e, -c * map[2] - e * map[5]];
    }

    /// <summary>Warps an image, or its mirror image, into a buffer; taps outside the image count 0.</summary>
    /// <param name="pixels">imageHeight × imageWidth × 3 bytes.</param>
    /// <param name="imageWidth">The image's width.</param>
    /// <param name="imageHeight">The image's height.</param>
    /// <param name="map">From the (mirrored) image's pixels to the result's.</param>
    /// <param name="width">The result's width.</param>
    /// <param name="height">The result's height.</param>
    /// <param name="result">height × width × 3 bytes.</param>
    /// <param name="mirrored">Whether the image is mirrored left to right first.</param>
    public static void Warp(
        ReadOnlySpan<byte> pixels, int imageWidth, int imageHeight, ReadOnlySpan<double> map, int width, int height, Span<byte> result,
        bool mirrored)
    {
        var back = Inverse(map);
        var columns = new (int X, int Y)[width];
        for (var x = 0; x < width; x++)
            columns[x] = (Position(back[0] * x), Position(back[3] * x));
        var (last, rows, stride) = (imageWidth - 1, imageHeight - 1, imageWidth * 3);
        var step = mirrored ? -3 : 3;
        for (var y = 0; y < height; y++)
        {
            long startX = Position(back[1] * y + back[2]) + Parts / 2, startY = Position(back[4] * y + back[5]) + Parts / 2;
            var row = result.Slice(y * width * 3, width * 3);
            for (var x = 0; x < width; x++)
            {
                var (positionX, positionY) = ((startX + columns[x].X) >> 5, (startY + columns[x].Y) >> 5);
                var (sx, sy) = (positionX >> 5, positionY >> 5);
                var (fx, fy) = ((int)(positionX & (Parts - 1)), (int)(positionY & (Parts - 1)));
                if ((ulong)sx < (ulong)last && (ulong)sy < (ulong)rows)
                {
                    var at = (int)(sy * stride + (mirrored ? last - sx : sx) * 3);
                    if (at + Math.Max(step, 0) + stride + sizeof(uint) <= pixels.Length && x + 1 < width)
                    {
                        // A byte of the next pixel goes with it; that pixel is written afterwards.
                        var mixed = Mix(ref Unsafe.AsRef(in pixels[at]), step, stride, fx, fy);
                        Unsafe.WriteUnaligned(ref row[x * 3], mixed);
                        continue;
                    }
                }
                var (w00, w01) = ((Parts - fy) * (Parts - fx), (Parts - fy) * fx);
                var (w10, w11) = (fy * (Parts - fx), fy * fx);
                for (var c = 0; c < 3; c++)
                    row[x * 3 + c] = (byte)((w00 * Tap(pixels, sx, sy, c) + w01 * Tap(pixels, sx + 1, sy, c)
                        + w10 * Tap(pixels, sx, sy + 1, c) + w11 * Tap(pixels, sx + 1, sy + 1, c) + 512) >> PositionBits);
            }
        }

        int Tap(ReadOnlySpan<byte> from, long x, long y, int c) =>
            x < 0 || y < 0 || x > last || y > rows ? 0 : from[(int)(y * stride + (mirrored ? last - x : x) * 3) + c];
    }

    /// <summary>Four bytes between the pixels here, beside, below and below beside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint Mix(ref byte at, int beside, int below, int fx, int fy)
    {
        // Weights are products, so columns first give the same sums: 8 × 16 bits for both rows, then 4 × 32.
        var here = Vector128.WidenLower(Both(ref at, below));
        var next = Vector128.WidenLower(Both(ref Unsafe.Add(ref at, beside), below));
        var columns = here * Vector128.Create((ushort)(Parts - fx)) + next * Vector128.Create((ushort)fx);
        var (upper, lower) = Vector128.Widen(columns);
        var sums = upper * Vector128.Create((uint)(Parts - fy)) + lower * Vector128.Create((uint)fy) + Vector128.Create(512u);
        var words = Vector128.Narrow(sums >>> PositionBits, Vector128<uint>.Zero);
        return Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<byte> Both(ref byte at, int below)
    {
        ulong first = Unsafe.ReadUnaligned<uint>(ref at), second = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, below));
        return Vector128.CreateScalarUnsafe(BitConverter.IsLittleEndian ? first | second << 32 : first << 32 | second).AsByte();
    }

    static int Position(double value) => (int)Math.Clamp(
        Math.Round(value * (1 << PositionBits), MidpointRounding.ToEven), int.MinValue, (double)int.MaxValue);

    static float[] ImageCorners(float x, float y, float cropWidth, double degrees)
    {
        var (sin, cos) = Math.SinCos(Math.PI * degrees / 180);
        var up = cropWidth * -0.5;
        return WithThird(x, y, (float)(x - up * sin), (float)(y + up * cos));
    }

    static float[] CropCorners(int width, int height)
    {
        var (x, y) = (width * 0.5f, height * 0.5f);
        return WithThird(x, y, x, (float)(height * 0.5 - width * 0.5));
    }

    static float[] WithThird(float ax, float ay, float bx, float by) => [ax, ay, bx, by, bx - (ay - by), by + (ax - bx)];

    // Elimination with the largest pivot, in the order of OpenCV's solver: the last bits decide bytes of the crop.
    static double[] Solve(float[] from, float[] to)
    {
        const int N = 6;
        Span<double> a = stackalloc double[N * N];
        Span<double> b = stackalloc double[N];
        a.Clear();
        for (var k = 0; k < 3; k++)
        {
            var (first, second) = (2 * k * N, (2 * k + 1) * N);
            a[first] = a[second + 3] = from[2 * k];
            a[first + 1] = a[second + 4] = from[2 * k + 1];
            a[first + 2] = a[second + 5] = 1;
            (b[2 * k], b[2 * k + 1]) = (to[2 * k], to[2 * k + 1]);
        }
        for (var i = 0; i < N; i++)
        {
            var pivot = i;
            for (var j = i + 1; j < N; j++)
                if (Math.Abs(a[j * N + i]) > Math.Abs(a[pivot * N + i]))
                    pivot = j;
            if (Math.Abs(a[pivot * N + i]) < double.Epsilon)
                return new double[N];
            if (pivot != i)
            {
                for (var j = i; j < N; j++)
                    (a[i * N + j], a[pivot * N + j]) = (a[pivot * N + j], a[i * N + j]);
                (b[i], b[pivot]) = (b[pivot], b[i]);
            }
            var d = -1 / a[i * N + i];
            for (var j = i + 1; j < N; j++)
            {
                var alpha = a[j * N + i] * d;
                for (var k = i + 1; k < N; k++)
                    a[j * N + k] += alpha * a[i * N + k];
                b[j] += alpha * b[i];
            }
        }
        for (var i = N - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < N; k++)
                b[i] -= a[i * N + k] * b[k];
            b[i] /= a[i * N + i];
        }
        return b.ToArray();
    }
}
