using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Core;

/// <summary>
/// A value that is known when a model is loaded, at an address that does not change. Its numbers stay in the file until the address is
/// first needed.
/// </summary>
sealed unsafe class Constant
{
    // Kernels may read a vector beyond the end.
    const int Slack = PinnedMemory.Alignment;

    ReadOnlyMemory<byte>? view;
    byte* address;
    bool released;

    public Constant(TensorType type)
    {
        Type = type;
        Make();
    }

    public Constant(TensorType type, ReadOnlySpan<float> values) : this(type) => values.CopyTo(Floats);

    public Constant(TensorType type, ReadOnlySpan<long> values) : this(type) => values.CopyTo(Ints);

    Constant(TensorType type, ReadOnlyMemory<byte> view) => (Type, this.view) = (type, view);

    ~Constant() => Free();

    public TensorType Type { get; }

    /// <summary>The address of the numbers; the first access reads them from the file.</summary>
    public byte* Address
    {
        get
        {
            Load();
            return address;
        }
    }

    public Span<float> Floats =>
        Type.IsFloat ? new Span<float>(Address, Type.Elements) : throw new InvalidOperationException("these are integers");

    public Span<long> Ints =>
        !Type.IsFloat && !Type.IsBytes ? new Span<long>(Address, Type.Elements) : throw new InvalidOperationException($"these are {Type}");

    /// <summary>The address of the numbers; 0 after <see cref="Release"/>.</summary>
    public nint AddressOrNone => released ? 0 : (nint)Address;

    public static Constant Of(OnnxTensor tensor, string place)
    {
        if (tensor.Type is OnnxType.Int8 or OnnxType.UInt8)
        {
            // The planner keeps signed bytes 128 higher.
            var bytes = new Constant(TensorType.OfBytes(tensor.Shape, $"{place}: tensor '{tensor.Name}'"));
            var to = bytes.Bytes;
            if (tensor.Bytes is { } from)
                FileBytes.Copy(from, to);
            else
                for (var k = 0; k < to.Length; k++)
                    to[k] = (byte)tensor.Whole![k];
            if (tensor.Type == OnnxType.Int8)
                for (var k = 0; k < to.Length; k++)
                    to[k] ^= 128;
            return bytes;
        }
        var type = new TensorType(tensor.Floats is not null, tensor.Shape, $"{place}: tensor '{tensor.Name}'");
        return tensor.Floats is { } floats ? new(type, floats) : new(type, tensor.Ints!);
    }

    /// <summary>Copies some of the numbers, from the file if they are still there.</summary>
    public void Read(int first, Span<float> to)
    {
        if (view is { } bytes)
            FileBytes.Copy(bytes.Slice(first * sizeof(float), to.Length * sizeof(float)), MemoryMarshal.AsBytes(to));
        else
            Floats.Slice(first, to.Length).CopyTo(to);
    }

    /// <summary>Reads the numbers from the file. Only one thread may do so.</summary>
    public void Load()
    {
        if (released)
            throw new InvalidOperationException("weight released but still needed");
        if (view is not { } bytes)
            return;
        Make();
        FileBytes.Copy(bytes, new Span<byte>(address, bytes.Length));
        view = null;
    }

    /// <summary>Frees the numbers; the type remains.</summary>
    public void Release()
    {
        (released, view) = (true, null);
        Free();
    }

    /// <summary>The elements as integers; floating-point numbers are truncated.</summary>
    public long[] ToInts() =>
        Type.IsFloat ? MemoryMarshal.ToEnumerable<float>(Floats.ToArray()).Select(v => (long)v).ToArray() : Ints.ToArray();

    /// <summary>The numbers as bytes.</summary>
    public Span<byte> Bytes => new(Address, checked((int)Type.Bytes));

    void Make()
    {
        var bytes = checked((int)Type.Bytes + Slack);
        address = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, PinnedMemory.Alignment);
        // The collector sees the numbers' memory too; else many models could wait for their finalizers.
        GC.AddMemoryPressure(bytes);
        new Span<byte>(address, bytes).Clear();
    }

    void Free()
    {
        if (address == null)
            return;
        NativeMemory.AlignedFree(address);
        address = null;
        GC.RemoveMemoryPressure(Type.Bytes + Slack);
    }
}

/// <summary>Weights in the order in which kernels read them: packed at their first use, shared by all sizes and runs.</summary>
sealed class PackedWeights
{
    readonly ConcurrentDictionary<(Constant Weights, int Layout), Lazy<Constant>> packed = new();

    /// <summary>The packed form of some weights; <paramref name="layout"/> distinguishes forms of the same weights.</summary>
    public Constant Get(Constant weights, int layout, Func<Constant> pack) =>
        packed.GetOrAdd((weights, layout), _ => new Lazy<Constant>(pack)).Value;

    /// <summary>Frees all of them.</summary>
    public void Release()
    {
        foreach (var one in packed.Values)
            if (one.IsValueCreated)
                one.Value.Release();
        packed.Clear();
    }
}
