using System.Runtime.InteropServices;

namespace Hwaso.Checkpoints;

/// <summary>A tensor in managed memory, as weight files hold it: contiguous, row-major, little-endian.</summary>
public sealed class HostTensor
{
    /// <summary>Wraps bytes as a tensor, without copying them.</summary>
    /// <param name="type">Element type.</param>
    /// <param name="shape">Sizes, outermost first; empty for a scalar.</param>
    /// <param name="data">The elements, row-major and little-endian.</param>
    /// <exception cref="ArgumentException">A size is negative, or the bytes are not as many as the shape needs.</exception>
    public HostTensor(ElementType type, long[] shape, ReadOnlyMemory<byte> data)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (ByteCount(type, shape) is not { } bytes || bytes != data.Length)
            throw new ArgumentException($"{type}[{string.Join(", ", shape)}] does not fit {data.Length} bytes", nameof(data));
        Type = type;
        Shape = [.. shape];
        Data = data;
    }

    /// <summary>Element type.</summary>
    public ElementType Type { get; }

    /// <summary>Sizes, outermost first; empty for a scalar.</summary>
    public long[] Shape { get; }

    /// <summary>The elements, row-major and little-endian.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Number of elements.</summary>
    public int Count => Data.Length / ElementSize.Of(Type);

    /// <summary>A single-precision tensor with a copy of the values.</summary>
    /// <param name="values">Elements, row-major.</param>
    /// <param name="shape">Sizes, outermost first; none for a scalar.</param>
    public static HostTensor Of(float[] values, params long[] shape) => Copy<float>(ElementType.Float32, values, shape);

    /// <summary>A double-precision tensor with a copy of the values.</summary>
    /// <inheritdoc cref="Of(float[], long[])"/>
    public static HostTensor Of(double[] values, params long[] shape) => Copy<double>(ElementType.Float64, values, shape);

    /// <summary>A half-precision tensor with a copy of the values.</summary>
    /// <inheritdoc cref="Of(float[], long[])"/>
    public static HostTensor Of(Half[] values, params long[] shape) => Copy<Half>(ElementType.Float16, values, shape);

    /// <summary>A 64-bit integer tensor with a copy of the values.</summary>
    /// <inheritdoc cref="Of(float[], long[])"/>
    public static HostTensor Of(long[] values, params long[] shape) => Copy<long>(ElementType.Int64, values, shape);

    /// <summary>A 32-bit integer tensor with a copy of the values.</summary>
    /// <inheritdoc cref="Of(float[], long[])"/>
    public static HostTensor Of(int[] values, params long[] shape) => Copy<int>(ElementType.Int32, values, shape);

    /// <summary>A byte tensor with a copy of the values.</summary>
    /// <inheritdoc cref="Of(float[], long[])"/>
    public static HostTensor Of(byte[] values, params long[] shape) => Copy<byte>(ElementType.UInt8, values, shape);

    /// <summary>A tensor of truth values with a copy of the values.</summary>
    /// <inheritdoc cref="Of(float[], long[])"/>
    public static HostTensor Of(bool[] values, params long[] shape) => Copy<bool>(ElementType.Bool, values, shape);

    /// <summary>The elements as single precision, row-major, whatever their type; float64 is rounded.</summary>
    public float[] ToFloats() => Elements.ToFloats(Type, Data.Span);

    /// <summary>The elements as double precision, row-major, whatever their type.</summary>
    public double[] ToDoubles() => Elements.ToDoubles(Type, Data.Span);

    /// <summary>The elements as 64-bit integers, row-major.</summary>
    /// <exception cref="InvalidOperationException">The elements are floating point.</exception>
    public long[] ToInt64s() => Elements.ToInt64s(Type, Data.Span);

    /// <summary>Type and shape, as in <c>Float32[64, 3, 3, 3]</c>.</summary>
    public override string ToString() => $"{Type}[{string.Join(", ", Shape)}]";

    /// <summary>Bytes that a shape needs, or null where a size is negative or the product passes 63 bits.</summary>
    internal static long? ByteCount(ElementType type, ReadOnlySpan<long> shape)
    {
        Int128 bytes = ElementSize.Of(type);
        var empty = false;
        foreach (var size in shape)
        {
            if (size < 0)
                return null;
            if (size == 0)
                empty = true;
            else if ((bytes *= size) > long.MaxValue)
                return null;
        }

        return empty ? 0 : (long)bytes;
    }

    static HostTensor Copy<T>(ElementType type, T[] values, long[] shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return new HostTensor(type, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }
}
