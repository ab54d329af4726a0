namespace Hwaso.Runtime.Kernels;

/// <summary>For each output position along one axis: the two input positions that it lies between, and how far.</summary>
sealed class ResizeTable
{
    ResizeTable(int size) => (First, Second, Part) = (new int[size], new int[size], new float[size]);

    public int[] First { get; }

    public int[] Second { get; }

    /// <summary>The weight of the second.</summary>
    public float[] Part { get; }

    /// <summary>Between two pixels.</summary>
    public static ResizeTable Linear(int from, int to, double scale, ResizeMode mode)
    {
        var table = new ResizeTable(to);
        for (var k = 0; k < to; k++)
        {
            var at = Math.Clamp(Source(k, from, to, scale, mode), 0, from - 1);
            var first = (int)at;
            (table.First[k], table.Second[k], table.Part[k]) = (first, Math.Min(first + 1, from - 1), (float)(at - first));
        }
        return table;
    }

    /// <summary>One pixel alone.</summary>
    public static ResizeTable Nearest(int from, int to, double scale, ResizeMode mode, string rounding)
    {
        var table = new ResizeTable(to);
        for (var k = 0; k < to; k++)
        {
            // Which of two pixels is nearest at a whole number is a matter of rounding: in single precision, as in libtorch.
            var at = mode == ResizeMode.Asymmetric ? k * (scale == (double)to / from ? (float)from / to : 1 / (float)scale) : Source(k, from, to, scale, mode);
            var pixel = rounding switch
            {
                "floor" => Math.Floor(at),
                "ceil" => Math.Ceiling(at),
                "round_prefer_ceil" => Math.Floor(at + 0.5),
                _ => Math.Ceiling(at - 0.5),
            };
            table.First[k] = table.Second[k] = (int)Math.Clamp(pixel, 0, from - 1);
        }
        return table;
    }

    static double Source(int k, int from, int to, double scale, ResizeMode mode) => mode switch
    {
        ResizeMode.AlignCorners => to == 1 ? 0 : k * (double)(from - 1) / (to - 1),
        ResizeMode.Asymmetric => k / scale,
        ResizeMode.PytorchHalfPixel when to == 1 => 0,
        _ => ((k + 0.5) / scale) - 0.5,
    };
}
