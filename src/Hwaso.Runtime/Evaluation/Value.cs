using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Evaluation;

/// <summary>
/// A typed tensor of the evaluator. Floating-point types up to 32 bits are held in single precision and rounded to their type after each
/// node, double precision as it is, integers and truths in 64 bits, wrapped to their type's width after each node.
/// </summary>
sealed unsafe class Value
{
    // Kernels may read a vector beyond the end.
    const int Slack = 16;

    readonly float[]? floats;
    readonly double[]? doubles;
    readonly long[]? ints;

    public Value(OnnxType type, int[] shape)
    {
        (Type, Shape, Count) = (type, shape, Product(shape));
        if (IsSingle)
            // The collector does not move it: kernels work on addresses.
            floats = GC.AllocateArray<float>(Count + Slack, pinned: true);
        else if (IsReal)
            doubles = new double[Count];
        else
            ints = new long[Count];
    }

    public Value(OnnxType type, int[] shape, ReadOnlySpan<double> numbers) : this(type, shape)
    {
        if (doubles is not null)
            numbers.CopyTo(doubles);
        else if (floats is not null)
            for (var k = 0; k < numbers.Length; k++)
                floats[k] = (float)numbers[k];
        else
            for (var k = 0; k < numbers.Length; k++)
                ints![k] = (long)numbers[k];
    }

    Value(OnnxType type, int[] shape, long[] numbers) => (Type, Shape, Count, ints) = (type, shape, numbers.Length, numbers);

    Value(Value of, int[] shape) =>
        (Type, Shape, Count, floats, doubles, ints) = (of.Type, shape, of.Count, of.floats, of.doubles, of.ints);

    public OnnxType Type { get; }

    public int[] Shape { get; }

    public int Rank => Shape.Length;

    public int Count { get; }

    /// <summary>Whether the type is a floating-point one; else it is an integer or a truth.</summary>
    public bool IsReal => Numbers.IsReal(Type);

    /// <summary>Whether the numbers are held in single precision.</summary>
    public bool IsSingle => IsHeldInSingle(Type);

    public long Bytes => (long)BytesOf(Type, Shape);

    /// <summary>The bytes of a value that is not made yet; it may be more than memory has.</summary>
    public static Int128 BytesOf(OnnxType type, IEnumerable<int> shape) =>
        shape.Aggregate((Int128)(IsHeldInSingle(type) ? sizeof(float) : sizeof(long)), (bytes, size) => bytes * size);

    static bool IsHeldInSingle(OnnxType type) => Numbers.IsReal(type) && type != OnnxType.Float64;

    public Span<float> Floats => floats.AsSpan(0, floats is null ? 0 : Count);

    public Span<double> Doubles => doubles;

    public Span<long> Ints => ints;

    /// <summary>The address of numbers in single precision.</summary>
    public float* Address => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(floats!));

    /// <summary>The element at an index, as a floating-point number.</summary>
    public double this[int index] => floats is not null ? floats[index] : doubles is not null ? doubles[index]
        : Type == OnnxType.UInt64 ? (ulong)ints![index] : ints![index];

    /// <summary>A tensor of integers or truths, which keeps the array.</summary>
    public static Value OfInts(OnnxType type, int[] shape, long[] numbers) => new(type, shape, numbers);

    public static Value Of(OnnxTensor tensor)
    {
        if (tensor.Doubles is { } doubles)
            return new Value(OnnxType.Float64, tensor.Shape, doubles);
        if (tensor.Ints is { } ints)
            return OfInts(tensor.Type, tensor.Shape, (long[])ints.Clone());
        var value = new Value(tensor.Type, tensor.Shape);
        FileBytes.Copy(tensor.Floats!.Value, MemoryMarshal.AsBytes(value.Floats));
        return value;
    }

    /// <summary>The same numbers with another shape, which share the memory.</summary>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public Value View(int[] shape) => Product(shape) == Count ? new(this, shape)
        : throw new ArgumentException($"{this} as [{string.Join(", ", shape)}]", nameof(shape));

    /// <summary>All numbers in double precision.</summary>
    public double[] ToDoubles()
    {
        var all = new double[Count];
        if (doubles is not null)
            doubles.CopyTo(all, 0);
        else
            for (var k = 0; k < all.Length; k++)
                all[k] = this[k];
        return all;
    }

    /// <summary>Elements of this tensor, by index; a negative index takes the number <paramref name="otherwise"/>.</summary>
    public Value Pick(int[] sources, int[] shape, double otherwise = 0)
    {
        var result = new Value(Type, shape);
        if (floats is not null)
            for (var k = 0; k < sources.Length; k++)
                result.floats![k] = sources[k] < 0 ? (float)otherwise : floats[sources[k]];
        else if (doubles is not null)
            for (var k = 0; k < sources.Length; k++)
                result.doubles![k] = sources[k] < 0 ? otherwise : doubles[sources[k]];
        else
            for (var k = 0; k < sources.Length; k++)
                result.ints![k] = sources[k] < 0 ? (long)otherwise : ints![sources[k]];
        return result;
    }

    /// <summary>Copies an element of another tensor of the same type.</summary>
    public void Set(int index, Value from, int source)
    {
        if (floats is not null)
            floats[index] = from.floats![source];
        else if (doubles is not null)
            doubles[index] = from.doubles![source];
        else
            ints![index] = from.ints![source];
    }

    public Value Copy()
    {
        var copy = new Value(Type, Shape);
        Floats.CopyTo(copy.Floats);
        Doubles.CopyTo(copy.Doubles);
        Ints.CopyTo(copy.Ints);
        return copy;
    }

    /// <summary>Rounds or wraps the numbers to the type.</summary>
    public void Settle()
    {
        if (floats is not null && Type != OnnxType.Float32)
            for (var k = 0; k < Count; k++)
                // An infinity that a cast kept is not saturated afterwards.
                floats[k] = Numbers.IsTiny(Type) && !float.IsFinite(floats[k]) ? floats[k] : Numbers.Round(floats[k], Type);
        else if (ints is not null && Type is not (OnnxType.Int64 or OnnxType.UInt64))
            for (var k = 0; k < Count; k++)
                ints[k] = Numbers.Wrap(ints[k], Type);
    }

    public override string ToString() => $"{Type}[{string.Join(", ", Shape)}]";

    public static int Product(ReadOnlySpan<int> shape)
    {
        var product = 1;
        foreach (var size in shape)
            product = checked(product * size);
        return product;
    }
}
