using System.Runtime.InteropServices;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Planning;

/// <summary>A value that is known when a model is loaded, at an address that does not change.</summary>
sealed unsafe class Constant
{
    readonly byte[] bytes;

    public Constant(TensorType type)
    {
        Type = type;
        bytes = GC.AllocateArray<byte>(checked((int)type.Bytes) + PinnedMemory.Alignment, pinned: true);
        Address = PinnedMemory.Align(bytes);
    }

    public Constant(TensorType type, ReadOnlySpan<float> values) : this(type) => values.CopyTo(Floats);

    public Constant(TensorType type, ReadOnlySpan<long> values) : this(type) => values.CopyTo(Ints);

    public TensorType Type { get; }

    public byte* Address { get; }

    public Span<float> Floats => Type.IsFloat ? new Span<float>(Address, Type.Elements) : throw new InvalidOperationException("these are integers");

    public Span<long> Ints => !Type.IsFloat ? new Span<long>(Address, Type.Elements) : throw new InvalidOperationException("these are floating-point numbers");

    public static Constant Of(OnnxTensor tensor, string place)
    {
        var type = new TensorType(tensor.Floats is not null, tensor.Shape, $"{place}: tensor '{tensor.Name}'");
        if (tensor.Floats is not { } floats)
            return new(type, tensor.Ints!);
        var constant = new Constant(type);
        floats.Span.CopyTo(constant.Bytes);
        return constant;
    }

    /// <summary>Keeps the numbers where they are up to this call.</summary>
    public void Hold() => GC.KeepAlive(bytes);

    /// <summary>The numbers as they lie in memory.</summary>
    public Span<byte> Bytes => new(Address, checked((int)Type.Bytes));

    /// <summary>All integers of a list.</summary>
    public long[] ToInts() => Type.IsFloat ? MemoryMarshal.ToEnumerable<float>(Floats.ToArray()).Select(v => (long)v).ToArray() : Ints.ToArray();
}
