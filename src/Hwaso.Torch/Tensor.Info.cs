using Hwaso.Torch.Native;

namespace Hwaso.Torch;

public sealed partial class Tensor
{
    const int MaxDimensions = 16;

    /// <summary>Its size in each dimension.</summary>
    public unsafe long[] Shape
    {
        get
        {
            var sizes = stackalloc long[MaxDimensions];
            var info = Info(sizes, null);
            return new ReadOnlySpan<long>(sizes, info.Dimensions).ToArray();
        }
    }

    /// <summary>The distance, in elements, between neighbours in each dimension.</summary>
    public unsafe long[] Strides
    {
        get
        {
            long* sizes = stackalloc long[MaxDimensions], strides = stackalloc long[MaxDimensions];
            var info = Info(sizes, strides);
            return new ReadOnlySpan<long>(strides, info.Dimensions).ToArray();
        }
    }

    /// <summary>The number of dimensions.</summary>
    public unsafe int Dimensions => Info(null, null).Dimensions;

    /// <summary>The number of elements.</summary>
    public unsafe long Elements => Info(null, null).Elements;

    /// <summary>The element type.</summary>
    public unsafe ScalarType Type => (ScalarType)Info(null, null).Type;

    /// <summary>Where it lives.</summary>
    public unsafe Device Device
    {
        get
        {
            var info = Info(null, null);
            var type = (DeviceType)info.DeviceType;
            return new Device(type, type == DeviceType.Cpu ? -1 : info.DeviceIndex);
        }
    }

    /// <summary>Whether its numbers lie without gaps, the last dimension fastest.</summary>
    public unsafe bool IsContiguous => Info(null, null).IsContiguous != 0;

    /// <summary>Whether it is 4-D and its channels lie together.</summary>
    public unsafe bool IsChannelsLast => Info(null, null).IsChannelsLast != 0;

    /// <summary>Whether autograd follows it.</summary>
    public unsafe bool RequiresGrad
    {
        get => Info(null, null).RequiresGrad != 0;
        set
        {
            if (IsHollow && !IsClosed)
                hollowIsFollowed = value;
            else if (NativeMethods.hw_set_requires_grad(Live(), value ? 1 : 0) != 0)
                throw Refused("requires_grad", this);
            GC.KeepAlive(this);
        }
    }

    /// <summary>The size of one dimension; a negative one counts from the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such dimension.</exception>
    public unsafe long Size(int dimension)
    {
        var sizes = stackalloc long[MaxDimensions];
        var info = Info(sizes, null);
        var at = dimension < 0 ? dimension + info.Dimensions : dimension;
        return at >= 0 && at < info.Dimensions
            ? sizes[at]
            : throw new ArgumentOutOfRangeException(nameof(dimension), $"dimension {dimension} of a tensor with {info.Dimensions}");
    }

    /// <summary>Element type, shape and, off the processor, device: <c>float32[2, 3, 64, 64]</c>.</summary>
    public override unsafe string ToString()
    {
        if (IsClosed)
            return "disposed tensor";
        var info = Info(null, null);
#pragma warning disable CA1308 // PyTorch writes element types in lower case.
        var type = ((ScalarType)info.Type).ToString().ToLowerInvariant();
#pragma warning restore CA1308
        return $"{type}[{string.Join(", ", Shape)}]{((DeviceType)info.DeviceType == DeviceType.Cpu ? "" : $"@{Device}")}";
    }

    internal unsafe TensorInfo Info(long* sizes, long* strides)
    {
        if (IsHollow && !IsClosed)
            return HollowInfo(sizes, strides);
        TensorInfo info;
        if (NativeMethods.hw_info(Live(), &info, sizes, strides, sizes == null ? 0 : MaxDimensions) != 0)
            throw Refused("info");
        GC.KeepAlive(this);
        return info;
    }
}
