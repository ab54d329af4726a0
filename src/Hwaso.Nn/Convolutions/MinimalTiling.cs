using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// 3×3 convolutions of stride 1, padded by 1, with 16 products for 36: minimal filtering of 2×2 outputs (Lavin and Gray, CVPR 2016). The
/// gradient of the input is the same with turned kernels.
/// </summary>
readonly unsafe struct MinimalTiling<TLanes, TVector> : IWeightTiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static int Numbers => MinimalTransforms<TLanes, TVector>.Products;

    public static int Factors => Numbers;

    public static int Sums => Numbers;

    public static int Size => 2;

    public static int Lines => 8;

    // Turning exchanges the first and the last one along each axis.
    public static int Turned(int number) => number ^ (number % 4 is 0 or 3 ? 3 : 0) ^ (number / 4 is 0 or 3 ? 12 : 0);

    public static int Terms(int factor) => 1;

    public static (int Factor, int Place) Of(int number) => (number, 0);

    public static (int Input, int Weight) Multiplied(int sum) => (sum, sum);

    public static void Rows(ConvRows<TLanes, TVector> reader, float* from, in Planes planes, in MinimalTiles tiles, int channel, int first,
        int count, float* lines, nint step)
    {
        for (var r = 0; r < count; r++)
        {
            var (image, y) = tiles.Of(first + r);
            var plane = from + ((nint)image * planes.Channels + channel) * planes.Pixels;
            var to = lines + r * tiles.Pitch;
            MinimalTransforms<TLanes, TVector>.Down(reader.Row(plane, y - 1, 0), reader.Row(plane, y, 1), reader.Row(plane, y + 1, 2),
                reader.Row(plane, y + 2, 3), planes.Width, to, step);
            // The columns on both sides of the image.
            for (var k = 0; k < 4; k++, to += 2 * step)
            {
                (to[0], to[step + tiles.Columns]) = (0, 0);
                if (planes.Width % 2 == 1)
                    to[tiles.Columns] = 0;
            }
        }
    }

    public static void Across(float* lines, nint step, int* places, int count, float* to, nint* offsets, nint pair) =>
        MinimalTransforms<TLanes, TVector>.Across(lines, step, places, count, to + offsets[0], pair, offsets[1] - offsets[0]);

    public static void Up(float* sums, nint next, int channels, float* bias, float* to, nint plane, nint width, int rows) =>
        MinimalTransforms<TLanes, TVector>.Up(sums, next, channels, bias, to, plane, width, rows);

    public static void Filter(float* taps, float* to, nint* offsets) => MinimalTransforms<TLanes, TVector>.Filter(taps, to, offsets);

    public static void Spread(float* halves, nint step, int* places, int count, float* to, nint next) =>
        MinimalTransforms<TLanes, TVector>.Spread(halves, step, places, count, to, next);

    public static void Gather(float* sums, float* taps) => MinimalTransforms<TLanes, TVector>.Gather(sums, TLanes.Count, taps);
}
