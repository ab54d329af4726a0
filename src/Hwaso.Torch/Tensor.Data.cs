using Hwaso.Torch.Native;

namespace Hwaso.Torch;

public sealed partial class Tensor
{
    /// <summary>A tensor over a copy of <paramref name="values"/>, on the processor.</summary>
    /// <exception cref="ArgumentException">The shape does not hold that many values.</exception>
    public static Tensor From<T>(ReadOnlySpan<T> values, params long[] shape) where T : unmanaged
    {
        var tensor = Empty(shape, TypeOf<T>());
        if (tensor.Elements != values.Length)
        {
            tensor.Dispose();
            throw new ArgumentException($"{values.Length} values do not fill a tensor of shape [{string.Join(", ", shape)}]");
        }
        values.CopyTo(tensor.Span<T>());
        return tensor;
    }

    /// <summary>A tensor over a copy of an array, on the processor.</summary>
    public static Tensor From<T>(T[] values, params long[] shape) where T : unmanaged =>
        From((ReadOnlySpan<T>)values, shape.Length == 0 ? [values.Length] : shape);

    /// <summary>A tensor whose numbers are not set.</summary>
    public static Tensor Empty(long[] shape, ScalarType type = ScalarType.Float32, Device? device = null) =>
        Aten.Empty(shape, type, device);

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(long[] shape, ScalarType type = ScalarType.Float32, Device? device = null) =>
        Aten.Zeros(shape, type, device);

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(long[] shape, ScalarType type = ScalarType.Float32, Device? device = null) =>
        Aten.Ones(shape, type, device);

    /// <summary>Standard normal numbers of libtorch's generator.</summary>
    public static Tensor Randn(long[] shape, ScalarType type = ScalarType.Float32, Device? device = null) =>
        Aten.Randn(shape, type, device);

    /// <summary>The numbers themselves, in memory order, while the tensor lives; of a contiguous tensor on the processor.</summary>
    /// <exception cref="InvalidOperationException">It is elsewhere, has gaps, is of another type, or is larger than a span.</exception>
    public unsafe Span<T> Span<T>() where T : unmanaged
    {
        var info = Info(null, null);
        if ((DeviceType)info.DeviceType != DeviceType.Cpu)
            throw new InvalidOperationException($"{this} is not on the processor; copy it there first (To(Device.Cpu))");
        if (info.IsContiguous == 0)
            throw new InvalidOperationException($"{this} has gaps or another order in memory; use Contiguous() first");
        if ((ScalarType)info.Type != TypeOf<T>())
            throw new InvalidOperationException($"{this} does not hold {typeof(T).Name}");
        if (info.Elements > int.MaxValue)
            throw new InvalidOperationException($"{this} is larger than a span can be");
        return new Span<T>(Data(), (int)info.Elements);
    }

    /// <summary>A copy of the numbers in row-major order, from whichever device and layout, as <typeparamref name="T"/>.</summary>
    public T[] ToArray<T>() where T : unmanaged
    {
        using var scope = new Scope();
        var plain = Aten.Contiguous(Aten.To(Aten.Detach(this), TypeOf<T>(), Device.Cpu));
        return plain.Span<T>().ToArray();
    }

    /// <summary>The number in a tensor of one element, copied from its device and converted to double precision.</summary>
    /// <exception cref="InvalidOperationException">The tensor has no element, or more than one.</exception>
    public double Item()
    {
        using var scope = new Scope();
        var one = Aten.To(Aten.Detach(this), ScalarType.Float64, Device.Cpu);
        return one.Elements == 1 ? one.ToArray<double>()[0]
            : throw new InvalidOperationException($"Item() of {this}: a tensor of one element was wanted; use ToArray for more");
    }

    /// <summary>The address of the first number; valid while the tensor lives.</summary>
    internal unsafe void* Data()
    {
        void* data;
        if (NativeMethods.hw_data(Live(), &data) != 0)
            throw Refused("data", this);
        GC.KeepAlive(this);
        return data;
    }

    /// <summary>Takes over the numbers of another tensor, keeping its identity in autograd and optimisers.</summary>
    /// <exception cref="TorchException">The other tensor is of a type that cannot replace this one's.</exception>
    public void SetData(Tensor data)
    {
        if (NativeMethods.hw_set_data(Live(), data.Live()) != 0)
            throw Refused("set_data", this, data);
        GC.KeepAlive(this);
        GC.KeepAlive(data);
    }

    /// <summary>A second handle to the same tensor, in the innermost scope.</summary>
    public unsafe Tensor Share()
    {
        if (IsHollow && !IsClosed)
            return new Tensor(hollowShape, hollowType, handle);
        nint shared;
        if (NativeMethods.hw_share(Live(), &shared) != 0)
            throw Refused("share", this);
        GC.KeepAlive(this);
        return new Tensor(shared);
    }

    /// <summary>The element type that a C# type is.</summary>
    /// <exception cref="NotSupportedException">libtorch has no such element type.</exception>
    public static ScalarType TypeOf<T>() where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            return ScalarType.Float32;
        if (typeof(T) == typeof(double))
            return ScalarType.Float64;
        if (typeof(T) == typeof(long))
            return ScalarType.Int64;
        if (typeof(T) == typeof(int))
            return ScalarType.Int32;
        if (typeof(T) == typeof(short))
            return ScalarType.Int16;
        if (typeof(T) == typeof(byte))
            return ScalarType.UInt8;
        if (typeof(T) == typeof(sbyte))
            return ScalarType.Int8;
        if (typeof(T) == typeof(bool))
            return ScalarType.Bool;
        if (typeof(T) == typeof(Half))
            return ScalarType.Float16;
        throw new NotSupportedException($"a tensor cannot hold {typeof(T).Name}");
    }
}
