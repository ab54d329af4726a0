using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>3×3 convolutions of stride 2, padded by 1, with 25 products for 36 (<see cref="HalvingScheme"/>).</summary>
readonly unsafe struct HalvingTiling<TLanes, TVector> : IWeightTiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static int Numbers => HalvingScheme.Products;

    public static int Factors => HalvingScheme.Sums;

    public static int Sums => HalvingScheme.Sums;

    public static int Size => 2;

    public static int Lines => 20;

    public static int Turned(int number) => number;

    public static int Terms(int factor) => HalvingScheme.Terms(factor);

    public static (int Factor, int Place) Of(int number) => HalvingScheme.Of(number);

    public static (int Input, int Weight) Multiplied(int sum) => (sum, sum);

    public static void Rows(ConvRows<TLanes, TVector> reader, float* from, in Planes planes, in MinimalTiles tiles, int channel, int first,
        int count, float* lines, nint step)
    {
        var rows = stackalloc float*[5];
        for (var r = 0; r < count; r++)
        {
            var (image, y) = tiles.Of(first + r);
            var plane = from + ((nint)image * planes.Channels + channel) * planes.Pixels;
            for (var k = 0; k < 5; k++)
                rows[k] = reader.Row(plane, 2 * y + k - 1, k);
            var to = lines + r * tiles.Pitch;
            HalvingTransforms<TLanes, TVector>.Down(rows, planes.Width, to, step);
            // The columns on both sides of the image.
            for (var k = 0; k < 5; k++, to += 4 * step)
            {
                to[0] = 0;
                if (planes.Width % 4 == 1)
                    to[2 * step + planes.Width / 4] = 0;
                if (planes.Width % 4 == 3)
                    to[planes.Width / 4 + 1] = 0;
            }
        }
    }

    public static void Across(float* lines, nint step, int* places, int count, float* to, nint* offsets, nint pair) =>
        HalvingTransforms<TLanes, TVector>.Across(lines, step, places, count, to, offsets, pair);

    public static void Up(float* sums, nint next, int channels, float* bias, float* to, nint plane, nint width, int rows) =>
        HalvingTransforms<TLanes, TVector>.Up(sums, next, channels, bias, to, plane, width, rows);

    public static void Filter(float* taps, float* to, nint* offsets) => HalvingTransforms<TLanes, TVector>.Filter(taps, to, offsets);

    public static void Spread(float* halves, nint step, int* places, int count, float* to, nint next) =>
        HalvingTransforms<TLanes, TVector>.Spread(halves, step, places, count, to, next);

    public static void Gather(float* sums, float* taps) => HalvingTransforms<TLanes, TVector>.Gather(sums, taps);
}

/// <summary>Their gradients of inputs: a tile has 4×4 of these, from 3×3 gradients of the output.</summary>
readonly unsafe struct HalvingBackTiling<TLanes, TVector> : ITiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    public static int Numbers => HalvingScheme.BackFactors;

    public static int Factors => HalvingScheme.BackFactors;

    public static int Sums => HalvingScheme.Products;

    public static int Size => 4;

    public static int Lines => 8;

    public static int Turned(int number) => number;

    public static int Terms(int factor) => 1;

    public static (int Factor, int Place) Of(int number) => (number, 0);

    public static (int Input, int Weight) Multiplied(int sum) => HalvingScheme.Back(sum);

    public static void Rows(ConvRows<TLanes, TVector> reader, float* from, in Planes planes, in MinimalTiles tiles, int channel, int first,
        int count, float* lines, nint step)
    {
        var rows = stackalloc float*[3];
        for (var r = 0; r < count; r++)
        {
            var (image, y) = tiles.Of(first + r);
            var plane = from + ((nint)image * planes.Channels + channel) * planes.Pixels;
            for (var k = 0; k < 3; k++)
                rows[k] = reader.Row(plane, y + k, k);
            var to = lines + r * tiles.Pitch;
            HalvingTransforms<TLanes, TVector>.BackDown(rows, planes.Width, to, step);
            for (var k = 0; k < 4; k++, to += 2 * step)
                to[(planes.Width % 2) * step + planes.Width / 2] = 0;
        }
    }

    public static void Across(float* lines, nint step, int* places, int count, float* to, nint* offsets, nint pair) =>
        HalvingTransforms<TLanes, TVector>.BackAcross(lines, step, places, count, to + offsets[0], offsets[1] - offsets[0], pair);

    public static void Up(float* sums, nint next, int channels, float* bias, float* to, nint plane, nint width, int rows) =>
        HalvingTransforms<TLanes, TVector>.BackUp(sums, next, channels, to, plane, width, rows);

    public static void Filter(float* taps, float* to, nint* offsets) => HalvingTransforms<TLanes, TVector>.BackFilter(taps, to, offsets);
}
