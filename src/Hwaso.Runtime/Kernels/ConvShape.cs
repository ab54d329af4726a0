namespace Hwaso.Runtime.Kernels;

/// <summary>A convolution's sizes and steps.</summary>
readonly record struct ConvShape(
    int Batch, int Groups, int Cin, int Height, int Width, int Cout, int OutHeight, int OutWidth,
    int KernelHeight, int KernelWidth, int StrideY, int StrideX, int DilationY, int DilationX, int Top, int Left)
{
    /// <summary>Input channels of a group that the weights are for: some of them may not be there.</summary>
    public int WeightChannels { get; init; }

    /// <summary>The first of them that is there.</summary>
    public int FirstChannel { get; init; }

    public int GroupCin => Cin / Groups;

    public int GroupCout => Cout / Groups;

    public int Taps => KernelHeight * KernelWidth;

    /// <summary>Whether every output pixel comes from the one pixel at its place, so that rows do not matter.</summary>
    public bool IsPointwise => KernelHeight == 1 && KernelWidth == 1 && StrideY == 1 && StrideX == 1 && Top == 0 && Left == 0 && OutHeight == Height && OutWidth == Width;
}
