namespace Hwaso.Nn;

/// <summary>A convolution whose output has its input's size: 3×3 padded by its dilation, or 1×1; stride 1, one group.</summary>
/// <param name="Images">N.</param>
/// <param name="Cin">Input channels.</param>
/// <param name="Cout">Output channels.</param>
/// <param name="Height">Rows; 1 for a 1×1 convolution, whose pixels lie in one row.</param>
/// <param name="Width">Columns.</param>
/// <param name="Kernel">3 or 1.</param>
/// <param name="Dilation">Distance of the kernel's points.</param>
readonly record struct SameConvShape(int Images, int Cin, int Cout, int Height, int Width, int Kernel, int Dilation)
{
    public int Taps => Kernel * Kernel;

    /// <summary>Zeros on each side.</summary>
    public int Margin => Kernel == 3 ? Dilation : 0;

    /// <summary>Pixels of a plane.</summary>
    public int Pixels => Height * Width;

    /// <summary>Whether <see cref="MinimalPasses"/> can compute it.</summary>
    public bool IsMinimal => Kernel == 3 && Dilation == 1;

    public long MultiplyAdds => (long)Images * Cin * Cout * Taps * Pixels;

    /// <summary>The convolution that takes the output's gradient to the input's.</summary>
    public SameConvShape Backward() => this with { Cin = Cout, Cout = Cin };
}

/// <summary>
/// Planes with zeros around them, so that vectors are read at every tap of every pixel without asking where the image ends. A row has whole
/// vectors between its margins.
/// </summary>
readonly struct PaddedLayout
{
    // A line of a cache, and the distance of lines that share a place in the first one, in numbers.
    const int Line = 16, Spread = 256;

    readonly int height, width, margin;

    /// <param name="shape">The convolution.</param>
    /// <param name="lanes">Numbers of a vector.</param>
    /// <param name="apart">Whether planes must not lie whole powers of two apart: a cache keeps few of such.</param>
    public PaddedLayout(in SameConvShape shape, int lanes, bool apart)
    {
        (height, width, margin) = (shape.Height, shape.Width, shape.Margin);
        RowVectors = (width + lanes - 1) / lanes;
        Row = RowVectors * lanes + 2 * margin;
        Plane = (nint)(height + 2 * margin) * Row;
        var aligned = apart && Plane % Spread == 0;
        IsPlain = margin == 0 && width % lanes == 0 && !aligned;
        if (aligned)
            Plane += Line;
    }

    /// <summary>Vectors of a row.</summary>
    public int RowVectors { get; }

    /// <summary>Numbers from a row to the next.</summary>
    public int Row { get; }

    /// <summary>Numbers from a plane to the next.</summary>
    public nint Plane { get; }

    /// <summary>Whether planes as they are have this layout.</summary>
    public bool IsPlain { get; }

    /// <summary>Numbers from the first one of a plane to its first pixel.</summary>
    public nint First => (nint)margin * Row + margin;

    /// <summary>Copies one plane.</summary>
    public unsafe void Copy(float* from, float* to)
    {
        new Span<float>(to, margin * Row).Clear();
        to += (nint)margin * Row;
        for (var y = 0; y < height; y++, from += width, to += Row)
        {
            new Span<float>(to, margin).Clear();
            new ReadOnlySpan<float>(from, width).CopyTo(new Span<float>(to + margin, width));
            new Span<float>(to + margin + width, Row - margin - width).Clear();
        }
        new Span<float>(to, margin * Row).Clear();
    }
}
