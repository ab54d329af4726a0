using Hwaso.Common;

namespace Hwaso.Nn;

/// <summary>
/// How a convolution's outputs, or its gradients of inputs, come from products of transformed numbers, for tiles of outputs. A tile has
/// some transformed numbers of each channel, which belong to factors; a factor's are neighbours, channel after channel, and weights lie
/// alike.
/// </summary>
unsafe interface ITiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Transformed numbers of a tile in one channel, and of a kernel.</summary>
    static abstract int Numbers { get; }

    /// <summary>Factors that these belong to.</summary>
    static abstract int Factors { get; }

    /// <summary>Sums of products that the tile's outputs come from.</summary>
    static abstract int Sums { get; }

    /// <summary>Rows and columns of a tile's outputs.</summary>
    static abstract int Size { get; }

    /// <summary>Rows of separated columns that <see cref="Rows"/> makes.</summary>
    static abstract int Lines { get; }

    /// <summary>
    /// The transformed number of a kernel that the gradient of the input takes in place of this one: the same, or that of the kernel turned
    /// by 180°.
    /// </summary>
    static abstract int Turned(int number);

    /// <summary>Numbers of a factor in one channel.</summary>
    static abstract int Terms(int factor);

    /// <summary>The factor of a transformed number, and its place in it.</summary>
    static abstract (int Factor, int Place) Of(int number);

    /// <summary>The factors of the input and of the weights that a sum multiplies.</summary>
    static abstract (int Input, int Weight) Multiplied(int sum);

    /// <summary>Transforms rows of tiles of a channel along columns, and separates columns; zeros around images.</summary>
    /// <param name="reader">Reads rows.</param>
    /// <param name="from">The images.</param>
    /// <param name="planes">Their size.</param>
    /// <param name="tiles">The tiles.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="first">The first row of tiles.</param>
    /// <param name="count">Rows of tiles.</param>
    /// <param name="lines">Receives the rows.</param>
    /// <param name="step">Numbers from one of these to the next.</param>
    static abstract void Rows(ConvRows<TLanes, TVector> reader, float* from, in Planes planes, in MinimalTiles tiles, int channel,
        int first, int count, float* lines, nint step);

    /// <summary>Transforms what <see cref="Rows"/> made along rows, for vectors of tiles.</summary>
    /// <param name="lines">The first row.</param>
    /// <param name="step">Numbers from one row to the next.</param>
    /// <param name="places">Where each vector begins in a row.</param>
    /// <param name="count">Vectors.</param>
    /// <param name="to">Receives the transformed numbers.</param>
    /// <param name="offsets">Where each goes.</param>
    /// <param name="pair">Numbers from two vectors, which are side by side, to the next two.</param>
    static abstract void Across(float* lines, nint step, int* places, int count, float* to, nint* offsets, nint pair);

    /// <summary>Transforms the sums of a vector of tiles to rows of outputs, of some channels.</summary>
    /// <param name="sums">Of the first channel; a channel's are two vectors apart.</param>
    /// <param name="next">Numbers from one sum to the next.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="bias">Of each channel; or null.</param>
    /// <param name="to">The first row of the first channel.</param>
    /// <param name="plane">Numbers from one channel to the next.</param>
    /// <param name="width">Numbers from a row to the next.</param>
    /// <param name="rows">Rows that are wanted.</param>
    static abstract void Up(float* sums, nint next, int channels, float* bias, float* to, nint plane, nint width, int rows);

    /// <summary>Transforms 3×3 weights of a vector of channels.</summary>
    /// <param name="taps">9 vectors.</param>
    /// <param name="to">Receives the transformed numbers.</param>
    /// <param name="offsets">Where each goes.</param>
    static abstract void Filter(float* taps, float* to, nint* offsets);
}

/// <summary>A tiling whose adjoint is the gradient of the weights: each product of the outputs is one of theirs.</summary>
unsafe interface IWeightTiling<TLanes, TVector> : ITiling<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Transforms 2×2 gradients of vectors of tiles to those of the factors.</summary>
    /// <param name="halves">Even and odd columns of both rows.</param>
    /// <param name="step">Numbers from one of these to the next.</param>
    /// <param name="places">Where each vector begins in a row.</param>
    /// <param name="count">Vectors.</param>
    /// <param name="to">Receives the first factor's.</param>
    /// <param name="next">Numbers from one factor's to the next one's.</param>
    static abstract void Spread(float* halves, nint step, int* places, int count, float* to, nint next);

    /// <summary>Transforms sums over tiles to the gradients of 3×3 weights, for a vector of pairs of channels.</summary>
    /// <param name="sums">A vector for each transformed number.</param>
    /// <param name="taps">Receives 9 vectors.</param>
    static abstract void Gather(float* sums, float* taps);
}
