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
    // The collector need not know of less.
    const int LeastPressure = 1 << 16;

    // Kernels may read a vector beyond the end.
    const int Slack = PinnedMemory.Alignment;

    // Of numbers that are still in the file: number k is multiplied by factor k / inner, the factors again and again.
    readonly float[]? factors;
    readonly int inner;
    WeightMemory? memory;
    ReadOnlyMemory<byte>? view;
    byte* address;
    bool released;

    /// <param name="type">Its type.</param>
    /// <param name="memory">The memory to take it from; it stays there as long as the memory. Null for memory of its own.</param>
    public Constant(TensorType type, WeightMemory? memory = null)
    {
        (Type, this.memory) = (type, memory);
        address = Make(memory);
    }

    public Constant(TensorType type, ReadOnlySpan<float> values) : this(type) => values.CopyTo(Floats);

    public Constant(TensorType type, ReadOnlySpan<long> values) : this(type) => values.CopyTo(Ints);

    Constant(TensorType type, ReadOnlyMemory<byte> view, float[]? factors = null, int inner = 1)
    {
        (Type, this.view) = (type, view);
        (this.factors, this.inner) = (factors, inner);
    }

    ~Constant() => Free();

    public TensorType Type { get; }

    /// <summary>The address of the numbers; the first access reads them from the file.</summary>
    public byte* Address
    {
        get
        {
            Load(null);
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

    /// <summary>These numbers, each multiplied by a factor; those of a file stay there.</summary>
    /// <param name="by">The factors, which are used again and again.</param>
    /// <param name="each">How many neighbouring numbers have the same factor.</param>
    public Constant Times(float[] by, int each)
    {
        if (view is { } bytes && factors is null)
            return new(Type, bytes, by, each);
        var product = new Constant(Type);
        Read(0, product.Floats);
        Multiply(product.Floats, 0, by, each);
        return product;
    }

    /// <summary>Copies some of the numbers, from the file if they are still there.</summary>
    public void Read(int first, Span<float> to)
    {
        if (view is { } bytes)
        {
            FileBytes.Copy(bytes.Slice(first * sizeof(float), to.Length * sizeof(float)), MemoryMarshal.AsBytes(to));
            if (factors is not null)
                Multiply(to, first, factors, inner);
        }
        else
            Floats.Slice(first, to.Length).CopyTo(to);
    }

    /// <summary>Reads the numbers from the file. Only one thread may do so.</summary>
    /// <param name="into">The memory to read them into; null for memory of their own.</param>
    public void Load(WeightMemory? into)
    {
        if (released || memory is { IsReleased: true })
            throw new InvalidOperationException("weight released but still needed");
        if (view is not { } bytes)
            return;
        memory = into;
        address = Make(into);
        FileBytes.Copy(bytes, new Span<byte>(address, bytes.Length));
        view = null;
        if (factors is not null)
            Multiply(Floats, 0, factors, inner);
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

    static void Multiply(Span<float> numbers, int first, float[] by, int each)
    {
        var (at, left) = (first / each % by.Length, each - (first % each));
        foreach (ref var number in numbers)
        {
            number *= by[at];
            if (--left == 0)
                (at, left) = (at + 1 == by.Length ? 0 : at + 1, each);
        }
    }

    byte* Make(WeightMemory? from)
    {
        var bytes = checked((int)Type.Bytes + Slack);
        if (from is not null)
            return from.Take(bytes);
        var own = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, PinnedMemory.Alignment);
        // The collector sees the numbers' memory too; else many models could wait for their finalizers.
        if (bytes >= LeastPressure)
            GC.AddMemoryPressure(bytes);
        new Span<byte>(own, bytes).Clear();
        return own;
    }

    void Free()
    {
        if (address == null)
            return;
        if (memory is null)
        {
            NativeMemory.AlignedFree(address);
            if (Type.Bytes + Slack >= LeastPressure)
                GC.RemoveMemoryPressure(Type.Bytes + Slack);
        }
        address = null;
    }
}

/// <summary>Weights in the order in which kernels read them: packed at their first use, shared by all sizes and runs.</summary>
/// <param name="memory">The memory that holds them; null if each has its own.</param>
sealed class PackedWeights(WeightMemory? memory = null)
{
    readonly ConcurrentDictionary<(Constant Weights, int Layout), Lazy<Constant>> packed = new();

    /// <summary>The memory that holds them; null if each has its own.</summary>
    public WeightMemory? Memory => memory;

    /// <summary>The packed form of some weights; <paramref name="layout"/> distinguishes forms of the same weights.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="layout">The form.</param>
    /// <param name="pack">Makes it, in some memory.</param>
    public Constant Get(Constant weights, int layout, Func<WeightMemory?, Constant> pack) =>
        packed.GetOrAdd((weights, layout), _ => new Lazy<Constant>(() => pack(memory))).Value;

    /// <summary>Frees all of them.</summary>
    public void Release()
    {
        foreach (var one in packed.Values)
            if (one.IsValueCreated)
                one.Value.Release();
        packed.Clear();
        memory?.Release();
    }
}
