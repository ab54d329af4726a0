namespace Hwaso.Runtime.Kernels;

/// <summary>The position of an output pixel in the input, by ONNX's names.</summary>
enum ResizeMode
{
    /// <summary>(x + ½) / scale − ½: PyTorch's align_corners=False.</summary>
    HalfPixel,

    /// <summary>Like half pixel, but 0 if the output has one pixel.</summary>
    PytorchHalfPixel,

    /// <summary>x · (in − 1) / (out − 1): PyTorch's align_corners=True.</summary>
    AlignCorners,

    /// <summary>x / scale.</summary>
    Asymmetric,
}

/// <summary>For each output position along one axis: the two input positions around it, and their weights.</summary>
sealed class ResizeTable
{
    // Positions that are gathered together: those of an 8-number vector.
    const int Window = 8;

    ResizeTable(int size)
    {
        (First, Second, Part) = (new int[size], new int[size], new float[size]);
        Size = size;
        // The longest vector reads beyond the end.
        (Begins, Places, NextPlaces, Parts) =
            (new int[(size / Window) + 3], new int[size + (3 * Window)], new int[size + (3 * Window)], new float[size + (3 * Window)]);
    }

    /// <summary>Output positions.</summary>
    public int Size { get; }

    public int[] First { get; }

    public int[] Second { get; }

    /// <summary>The weight of the second input position.</summary>
    public float[] Part { get; }

    /// <summary>
    /// Whether each 8 output positions need at most 8 neighbouring input positions; then <see cref="Begins"/>, <see cref="Places"/> and
    /// <see cref="NextPlaces"/> hold them.
    /// </summary>
    public bool IsNarrow { get; private set; }

    /// <summary>For each 8 output positions, the first input position that they need.</summary>
    public int[] Begins { get; }

    /// <summary>The first input position of each output position, counted from the begin of its 8.</summary>
    public int[] Places { get; }

    /// <summary>The second input position of each output position, counted from the begin of its 8.</summary>
    public int[] NextPlaces { get; }

    /// <summary>The weight of the second input position, followed by zeros.</summary>
    public float[] Parts { get; }

    /// <summary>Interpolates between two pixels, at places in double precision.</summary>
    public static ResizeTable Linear(int from, int to, double scale, ResizeMode mode) =>
        Linear(from, to, k => Source(k, from, to, scale, mode));

    /// <summary>Interpolates between two pixels, at places in single precision, as ONNX Runtime computes them.</summary>
    public static ResizeTable LinearOfSingle(int from, int to, float scale, ResizeMode mode) =>
        Linear(from, to, k => SourceOfSingle(k, from, to, scale, mode));

    /// <summary>Takes the nearest pixel of places in single precision: rounding decides between neighbours, as in ONNX Runtime.</summary>
    public static ResizeTable Nearest(int from, int to, float scale, ResizeMode mode, string rounding)
    {
        var table = new ResizeTable(to);
        for (var k = 0; k < to; k++)
        {
            double at = SourceOfSingle(k, from, to, scale, mode);
            var pixel = rounding switch
            {
                "floor" => Math.Floor(at),
                "ceil" => Math.Ceiling(at),
                "round_prefer_ceil" => Math.Floor(at + 0.5),
                _ => Math.Ceiling(at - 0.5),
            };
            table.First[k] = table.Second[k] = (int)Math.Clamp(pixel, 0, from - 1);
        }
        table.Gather();
        return table;
    }

    static ResizeTable Linear(int from, int to, Func<int, double> source)
    {
        var table = new ResizeTable(to);
        for (var k = 0; k < to; k++)
        {
            var at = Math.Clamp(source(k), 0, from - 1);
            var first = (int)at;
            (table.First[k], table.Second[k], table.Part[k]) = (first, Math.Min(first + 1, from - 1), (float)(at - first));
        }
        table.Gather();
        return table;
    }

    void Gather()
    {
        IsNarrow = true;
        for (var k = 0; k < Size; k++)
        {
            var begin = Begins[k / Window] = k % Window == 0 ? First[k] : Begins[k / Window];
            (Places[k], NextPlaces[k], Parts[k]) = (First[k] - begin, Second[k] - begin, Part[k]);
            IsNarrow &= Places[k] is >= 0 and < Window && NextPlaces[k] is >= 0 and < Window;
        }
    }

    static double Source(int k, int from, int to, double scale, ResizeMode mode) => mode switch
    {
        ResizeMode.AlignCorners => to == 1 ? 0 : k * (double)(from - 1) / (to - 1),
        ResizeMode.Asymmetric => k / scale,
        ResizeMode.PytorchHalfPixel when to == 1 => 0,
        _ => ((k + 0.5) / scale) - 0.5,
    };

    static float SourceOfSingle(int k, int from, int to, float scale, ResizeMode mode) => mode switch
    {
        ResizeMode.AlignCorners => to == 1 ? 0 : (float)k * (from - 1) / (to - 1),
        ResizeMode.Asymmetric => k / scale,
        ResizeMode.PytorchHalfPixel when to == 1 => 0,
        _ => ((k + 0.5f) / scale) - 0.5f,
    };
}

/// <summary>Planes to resize.</summary>
/// <param name="Input">The planes.</param>
/// <param name="Height">Their height.</param>
/// <param name="Width">Their width.</param>
/// <param name="Rows">The positions of output rows.</param>
/// <param name="Columns">The positions of output columns.</param>
/// <param name="Code">The code of the planes, if they are bytes.</param>
sealed unsafe record ResizeSource(nint Input, int Height, int Width, ResizeTable Rows, ResizeTable Columns, ByteCode? Code)
{
    /// <summary>A row of a plane; bytes are restored to a line.</summary>
    public float* Row(int plane, int row, float* line)
    {
        var at = (((long)plane * Height) + row) * Width;
        if (Code is not { } code)
            return (float*)Input + at;
        ByteVectors.Restore((byte*)Input + at, code, line, Width);
        return line;
    }
}

/// <summary>The codes of what a resizing adds and makes, where it is bytes.</summary>
/// <param name="Addend">The code of the addend; null if it is in single precision.</param>
/// <param name="Result">The code of the result; null if it is in single precision.</param>
readonly record struct ResizeCodes(ByteCode? Addend, ByteCode? Result);
