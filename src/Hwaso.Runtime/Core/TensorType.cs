using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Core;

/// <summary>What a value is made of: single-precision numbers or 64-bit integers, and how many each way.</summary>
sealed class TensorType
{
    /// <summary>No tensor that a network can use is larger; it keeps indices within 32 bits.</summary>
    const long MaxElements = 1L << 30;

    /// <exception cref="ModelFormatException">The tensor would be absurdly large.</exception>
    public TensorType(bool isFloat, int[] shape, string place)
    {
        Int128 elements = 1;
        foreach (var size in shape)
            // A tensor of nothing may not have huge sizes either: tables are made for them.
            if (size < 0 || (elements *= Math.Max(size, 1)) > MaxElements)
                throw new ModelFormatException(place, $"a tensor of sizes [{string.Join(", ", shape)}] is absurd; at most {MaxElements} numbers are possible") { IsTooLarge = true };
        (IsFloat, Shape, Elements) = (isFloat, shape, shape.Contains(0) ? 0 : (int)elements);
    }

    public bool IsFloat { get; }

    public int[] Shape { get; }

    public int Rank => Shape.Length;

    public int Elements { get; }

    public long Bytes => (long)Elements * ElementBytes;

    public int ElementBytes => IsFloat ? sizeof(float) : sizeof(long);

    public bool SameShape(TensorType other) => Shape.AsSpan().SequenceEqual(other.Shape);

    public override string ToString() => $"{(IsFloat ? "float" : "int")}[{string.Join(", ", Shape)}]";
}
