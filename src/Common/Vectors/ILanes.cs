namespace Hwaso.Common;

/// <summary>The arithmetic of a vector type, so that each kernel is written once for all widths.</summary>
/// <typeparam name="TVector">The vector; a single number on the scalar path.</typeparam>
unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Numbers per vector.</summary>
    static abstract int Count { get; }

    /// <summary>Winograd tiles per group: tiles of a group lie side by side, and a vector holds one or more groups.</summary>
    static abstract int Group { get; }

    static abstract TVector Load(float* from);

    static abstract void Store(TVector value, float* to);

    /// <summary>Loads the first numbers of a vector, and zeros; memory beyond them is not read.</summary>
    static abstract TVector LoadFirst(float* from, int count);

    /// <summary>The first numbers of a vector, and zeros.</summary>
    static abstract TVector First(TVector value, int count);

    /// <summary>Stores the first numbers of a vector; all of them if the count is larger.</summary>
    static abstract void StoreFirst(TVector value, float* to, int count);

    static abstract TVector All(float value);

    /// <summary>a × b + c, with one rounding where the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Divide(TVector a, TVector b);

    static abstract TVector Min(TVector a, TVector b);

    static abstract TVector Max(TVector a, TVector b);

    /// <summary>The larger of a bound and a number; NaN if the number is.</summary>
    static abstract TVector AtLeast(TVector bound, TVector a);

    /// <summary>The smaller of a bound and a number; NaN if the number is.</summary>
    static abstract TVector AtMost(TVector bound, TVector a);

    static abstract TVector Exp(TVector a);

    static abstract TVector Log(TVector a);

    static abstract TVector Sqrt(TVector a);

    static abstract TVector Abs(TVector a);

    static abstract TVector Floor(TVector a);

    static abstract TVector Ceiling(TVector a);

    /// <summary><paramref name="positive"/> where a &gt; 0, else <paramref name="other"/>.</summary>
    static abstract TVector WherePositive(TVector a, TVector positive, TVector other);

    /// <summary>The sum of the vector's numbers.</summary>
    static abstract float Sum(TVector a);

    /// <summary>The numbers at even positions of two vectors in a row.</summary>
    static abstract TVector Even(TVector a, TVector b);

    /// <summary>The numbers at odd positions of two vectors in a row.</summary>
    static abstract TVector Odd(TVector a, TVector b);

    /// <summary>Two vectors in a row that hold the first number of each, the second of each, and so on.</summary>
    static abstract void Interleave(TVector a, TVector b, out TVector first, out TVector second);

    /// <summary>Adds the sum of each vector's numbers to one of 4 numbers.</summary>
    static abstract void AddSums(TVector a, TVector b, TVector c, TVector d, float* to);

    /// <summary>Gathers numbers of a row: each 8 of them lie within 8 numbers from a begin of their own.</summary>
    /// <param name="row">The row.</param>
    /// <param name="position">The first position to gather; a multiple of the vector's length.</param>
    /// <param name="begins">Where each 8 positions begin in the row.</param>
    /// <param name="places">The place of each position, from its begin.</param>
    static abstract TVector Pick(float* row, int position, int* begins, int* places);

    /// <summary>
    /// Loads columns 0 to 5 of each tile of a vector; each tile starts 4 columns after the one before it, and each group where <paramref
    /// name="groups"/> says.
    /// </summary>
    static abstract void LoadTiles(
        float* row, int* groups, out TVector x0, out TVector x1, out TVector x2, out TVector x3, out TVector x4, out TVector x5);

    /// <summary>Reorders columns 0 to 3 of each tile as rows: the numbers of the first group, then those of the next.</summary>
    static abstract void ToRow(ref TVector x0, ref TVector x1, ref TVector x2, ref TVector x3);
}
