namespace Hwaso.Runtime.Kernels;

/// <summary>The arithmetic of a vector type, so that each kernel is written once for all widths.</summary>
/// <typeparam name="TVector">The vector; a single number on the scalar path.</typeparam>
unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Numbers in a vector.</summary>
    static abstract int Count { get; }

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
}
