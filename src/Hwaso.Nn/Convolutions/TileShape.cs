namespace Hwaso.Nn;

/// <summary>Images, [N, C, H, W].</summary>
/// <param name="Images">N.</param>
/// <param name="Channels">C.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
readonly record struct Planes(int Images, int Channels, int Height, int Width)
{
    /// <summary>Pixels of a plane.</summary>
    public int Pixels => Height * Width;

    /// <summary>Numbers of all.</summary>
    public nint Numbers => (nint)Images * Channels * Pixels;
}

/// <summary>A 3×3 convolution of stride 1 or 2, padded by 1, in one group.</summary>
/// <param name="Images">N.</param>
/// <param name="Cin">Input channels.</param>
/// <param name="Cout">Output channels.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Stride">Step.</param>
readonly record struct TileShape(int Images, int Cin, int Cout, int Height, int Width, int Stride = 1)
{
    public Planes Input => new(Images, Cin, Height, Width);

    public Planes Output => new(Images, Cout, (Height + Stride - 1) / Stride, (Width + Stride - 1) / Stride);

    public long MultiplyAdds => (long)Images * Cin * Cout * 9 * Output.Pixels;
}
