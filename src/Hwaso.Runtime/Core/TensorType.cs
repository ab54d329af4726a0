using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Core;

/// <summary>The type of a value: single-precision numbers, 64-bit integers or bytes of a linear code, and the sizes.</summary>
sealed class TensorType
{
    /// <summary>The most elements of a tensor; this keeps indices within 32 bits.</summary>
    const long MaxElements = 1L << 30;

    /// <exception cref="ModelFormatException">A size is negative, or the tensor would have more elements than supported.</exception>
    public TensorType(bool isFloat, int[] shape, string place)
    {
        Int128 elements = 1;
        foreach (var size in shape)
            // Sizes of an empty tensor are limited too: tables of their length are allocated.
            if (size < 0 || (elements *= Math.Max(size, 1)) > MaxElements)
            {
                var sizes = string.Join(", ", shape);
                throw new ModelFormatException(place, $"a tensor of sizes [{sizes}] has more than the {MaxElements} numbers supported")
                {
                    IsTooLarge = true,
                };
            }
        (IsFloat, Shape, Elements) = (isFloat, shape, shape.Contains(0) ? 0 : (int)elements);
    }

    /// <summary>The type of a quantised tensor. Only quantising and restoring steps, and those fused with them, have such values.</summary>
    public static TensorType OfBytes(int[] shape, string place) => new(false, shape, place) { IsBytes = true };

    public bool IsFloat { get; }

    public bool IsBytes { get; private init; }

    public int[] Shape { get; }

    public int Rank => Shape.Length;

    public int Elements { get; }

    public long Bytes => (long)Elements * ElementBytes;

    public int ElementBytes => IsFloat ? sizeof(float) : IsBytes ? sizeof(byte) : sizeof(long);

    public bool SameShape(TensorType other) => Shape.AsSpan().SequenceEqual(other.Shape);

    public override string ToString() => $"{(IsFloat ? "float" : IsBytes ? "byte" : "int")}[{string.Join(", ", Shape)}]";
}
