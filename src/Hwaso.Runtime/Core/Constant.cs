using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Core;

/// <summary>A value that is known when a model is loaded, at an address that does not change. Until its address is asked for, it is the bytes of the file.</summary>
sealed unsafe class Constant
{
    // Vectors may be read a little beyond the end.
    const int Slack = PinnedMemory.Alignment;

    ReadOnlyMemory<byte>? view;
    byte* address;
    bool gone;

    public Constant(TensorType type)
    {
        Type = type;
        Make();
    }

    public Constant(TensorType type, ReadOnlySpan<float> values) : this(type) => values.CopyTo(Floats);

    public Constant(TensorType type, ReadOnlySpan<long> values) : this(type) => values.CopyTo(Ints);

    Constant(TensorType type, ReadOnlyMemory<byte> view) => (Type, this.view) = (type, view);

    ~Constant() => NativeMemory.AlignedFree(address);

    public TensorType Type { get; }

    /// <summary>Where the numbers lie from now on.</summary>
    public byte* Address
    {
        get
        {
            Settle();
            return address;
        }
    }

    public Span<float> Floats => Type.IsFloat ? new Span<float>(Address, Type.Elements) : throw new InvalidOperationException("these are integers");

    public Span<long> Ints => !Type.IsFloat ? new Span<long>(Address, Type.Elements) : throw new InvalidOperationException("these are floating-point numbers");

    /// <summary>Where the numbers lie; nowhere once they were let go.</summary>
    public nint AddressOrNone => gone ? 0 : (nint)Address;

    public static Constant Of(OnnxTensor tensor, string place)
    {
        var type = new TensorType(tensor.Floats is not null, tensor.Shape, $"{place}: tensor '{tensor.Name}'");
        return tensor.Floats is { } floats ? new(type, floats) : new(type, tensor.Ints!);
    }

    /// <summary>Some of the numbers, wherever they lie.</summary>
    public void Read(int first, Span<float> to)
    {
        if (view is { } bytes)
            FileBytes.Copy(bytes.Slice(first * sizeof(float), to.Length * sizeof(float)), MemoryMarshal.AsBytes(to));
        else
            Floats.Slice(first, to.Length).CopyTo(to);
    }

    /// <summary>Takes the numbers out of the file, which only one thread may do.</summary>
    public void Settle()
    {
        if (gone)
            throw new InvalidOperationException("a weight was let go of that is needed after all");
        if (view is not { } bytes)
            return;
        Make();
        FileBytes.Copy(bytes, new Span<byte>(address, bytes.Length));
        view = null;
    }

    /// <summary>Frees the numbers: nobody will ask for them, only for their type.</summary>
    public void LetGo()
    {
        (gone, view) = (true, null);
        NativeMemory.AlignedFree(address);
        address = null;
    }

    /// <summary>All integers of a list.</summary>
    public long[] ToInts() => Type.IsFloat ? MemoryMarshal.ToEnumerable<float>(Floats.ToArray()).Select(v => (long)v).ToArray() : Ints.ToArray();

    /// <summary>The numbers as they lie in memory.</summary>
    public Span<byte> Bytes => new(Address, checked((int)Type.Bytes));

    void Make()
    {
        address = (byte*)NativeMemory.AlignedAlloc((nuint)(Type.Bytes + Slack), PinnedMemory.Alignment);
        new Span<byte>(address, checked((int)Type.Bytes + Slack)).Clear();
    }
}

/// <summary>Weights in the order in which kernels read them: packed at their first use, shared by all sizes and all runs.</summary>
sealed class PackedWeights
{
    readonly ConcurrentDictionary<(Constant Weights, int Layout), Lazy<Constant>> packed = new();

    /// <summary>The packed form of some weights; <paramref name="layout"/> tells forms of the same weights apart.</summary>
    public Constant Get(Constant weights, int layout, Func<Constant> pack) => packed.GetOrAdd((weights, layout), _ => new Lazy<Constant>(pack)).Value;
}
