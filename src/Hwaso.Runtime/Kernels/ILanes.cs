namespace Hwaso.Runtime.Kernels;

/// <summary>The arithmetic of a vector type, so that each kernel is written once for all widths.</summary>
/// <typeparam name="TVector">The vector; a single number on the scalar path.</typeparam>
unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Numbers in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>Tiles of a Winograd convolution that lie side by side; a vector holds one or more such groups.</summary>
    static abstract int Group { get; }

    static abstract TVector Load(float* from);

    static abstract void Store(TVector value, float* to);

    static abstract TVector All(float value);

    /// <summary>a × b + c, in one rounding where the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Divide(TVector a, TVector b);

    static abstract TVector Min(TVector a, TVector b);

    static abstract TVector Max(TVector a, TVector b);

    /// <summary>The larger of a bound and a number; of NaN the number.</summary>
    static abstract TVector AtLeast(TVector bound, TVector a);

    static abstract TVector Exp(TVector a);

    static abstract TVector Log(TVector a);

    static abstract TVector Sqrt(TVector a);

    static abstract TVector Abs(TVector a);

    static abstract TVector Floor(TVector a);

    static abstract TVector Ceiling(TVector a);

    /// <summary>Where a &gt; 0 the first, else the second.</summary>
    static abstract TVector WherePositive(TVector a, TVector positive, TVector other);

    /// <summary>The sum of all numbers in it.</summary>
    static abstract float Sum(TVector a);

    /// <summary>Every second number of two vectors that lie one after another, from the first on.</summary>
    static abstract TVector Even(TVector a, TVector b);

    /// <summary>Numbers of a row at places, which count from where each 8 of them begin, in reach of 8 from there.</summary>
    /// <param name="row">The row.</param>
    /// <param name="position">The first of the places to look at; a multiple of the vector's length.</param>
    /// <param name="begins">Where each 8 begin.</param>
    /// <param name="places">The places.</param>
    static abstract TVector Pick(float* row, int position, int* begins, int* places);

    /// <summary>Columns 0 to 5 of each tile of a vector, a tile's columns 4 after those of the tile before it; <paramref name="groups"/> says where each group begins in a row.</summary>
    static abstract void LoadTiles(float* row, int* groups, out TVector x0, out TVector x1, out TVector x2, out TVector x3, out TVector x4, out TVector x5);

    /// <summary>Columns 0 to 3 of each tile, brought into the order of a row: the first group's numbers, then the next one's.</summary>
    static abstract void ToRow(ref TVector x0, ref TVector x1, ref TVector x2, ref TVector x3);
}
