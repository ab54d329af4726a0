using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime.Kernels;

/// <summary>Brings the weights of a 3×3 convolution into the form in which <see cref="WinogradTile{TLanes, TVector}"/> multiplies by them.</summary>
static class WinogradWeights
{
    const int Window = WinogradPlan.Window, Products = WinogradPlan.Products;

    // Each point's row: 1, p, p² over the product of its differences from the other points; infinity's is 0, 0, 1.
    static readonly double[,] points = Points();

    /// <summary>[Cout, Cin/g, 3, 3] to [g][tiles][36][Cin/g][6]; channels beyond the last are zeros.</summary>
    public static Constant Pack(Constant weights, int groups, string place)
    {
        var shape = weights.Type.Shape;
        var (cout, cin) = (shape[0] / groups, shape[1]);
        var tiles = (cout + ConvWeights.Tile - 1) / ConvWeights.Tile;
        var packed = new Constant(new TensorType(true, [groups, tiles, Products, cin * ConvWeights.Tile], place));
        var from = weights.Floats;
        var to = packed.Floats;
        var half = new double[Window * 3];
        for (var o = 0; o < shape[0]; o++)
        {
            var (group, channel) = (o / cout, o % cout);
            var tile = (long)((group * tiles) + (channel / ConvWeights.Tile)) * Products * cin * ConvWeights.Tile;
            for (var c = 0; c < cin; c++)
            {
                var kernel = from.Slice(((o * cin) + c) * 9, 9);
                for (var i = 0; i < Window; i++)
                    for (var x = 0; x < 3; x++)
                        half[(i * 3) + x] = (points[i, 0] * kernel[x]) + (points[i, 1] * kernel[3 + x]) + (points[i, 2] * kernel[6 + x]);
                for (var f = 0; f < Products; f++)
                {
                    var (i, j) = (f / Window, f % Window);
                    var value = (half[i * 3] * points[j, 0]) + (half[(i * 3) + 1] * points[j, 1]) + (half[(i * 3) + 2] * points[j, 2]);
                    to[(int)(tile + ((((long)f * cin) + c) * ConvWeights.Tile) + (channel % ConvWeights.Tile))] = (float)value;
                }
            }
        }
        return packed;
    }

    static double[,] Points()
    {
        double[] at = [0, Math.Sqrt(0.5), -Math.Sqrt(0.5), Math.Sqrt(2), -Math.Sqrt(2)];
        var rows = new double[Window, 3];
        for (var i = 0; i < at.Length; i++)
        {
            var scale = 1.0;
            for (var k = 0; k < at.Length; k++)
                scale *= k == i ? 1 : at[i] - at[k];
            (rows[i, 0], rows[i, 1], rows[i, 2]) = (1 / scale, at[i] / scale, at[i] * at[i] / scale);
        }
        rows[Window - 1, 2] = 1;
        return rows;
    }
}
