namespace Hwaso.Runtime.Kernels;

/// <summary>The sizes of a convolution, a pooling, or a transposed convolution.</summary>
/// <param name="Batch">Images, N.</param>
/// <param name="Groups">Groups of channels; a pooling has one per channel.</param>
/// <param name="Cin">Input channels.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Cout">Output channels.</param>
/// <param name="OutHeight">Rows of the output.</param>
/// <param name="OutWidth">Columns of the output.</param>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="StrideY">Input rows from one output row to the next.</param>
/// <param name="StrideX">Input columns from one output column to the next.</param>
/// <param name="DilationY">Input rows from one kernel row to the next.</param>
/// <param name="DilationX">Input columns from one kernel column to the next.</param>
/// <param name="Top">Rows of padding above the input.</param>
/// <param name="Left">Columns of padding left of the input.</param>
readonly record struct ConvShape(
    int Batch, int Groups, int Cin, int Height, int Width, int Cout, int OutHeight, int OutWidth,
    int KernelHeight, int KernelWidth, int StrideY, int StrideX, int DilationY, int DilationX, int Top, int Left)
{
    /// <summary>The weights' input channels per group; the input may have only some of them.</summary>
    public int WeightChannels { get; init; }

    /// <summary>The first of the weights' channels that the input has.</summary>
    public int FirstChannel { get; init; }

    public int GroupCin => Cin / Groups;

    public int GroupCout => Cout / Groups;

    public int Taps => KernelHeight * KernelWidth;

    /// <summary>Whether every output pixel depends on the input pixel at its position only.</summary>
    public bool IsPointwise => KernelHeight == 1 && KernelWidth == 1 && StrideY == 1 && StrideX == 1
        && Top == 0 && Left == 0 && OutHeight == Height && OutWidth == Width;
}
