using Hwaso.Torch.Native;

namespace Hwaso.Torch;

public sealed partial class Tensor
{
    static long hollowTensors;

    readonly long[] hollowShape = [];
    readonly ScalarType hollowType;
    bool hollowIsFollowed;

    // Native handles are addresses, which are positive: hollow tensors count down from -1.
    Tensor(long[] shape, ScalarType type, nint identity) : base(0, ownsHandle: true)
    {
        (hollowShape, hollowType) = (shape, type);
        SetHandle(identity);
        Slot = ScopeStack.Current.Push(this);
    }

    /// <summary>Whether it has a shape and no numbers.</summary>
    public bool IsHollow => handle < 0;

    /// <summary>
    /// A tensor on the processor that has a shape and no numbers, and needs no libtorch: for a stand-in at the door
    /// (<see cref="Door.Replace"/>) to answer with. Every operator of libtorch refuses it.
    /// </summary>
    /// <param name="shape">Its size in each dimension, at most 16 of them.</param>
    /// <param name="type">Its element type.</param>
    /// <exception cref="ArgumentException">Too many dimensions, or a negative size.</exception>
    public static Tensor Hollow(long[] shape, ScalarType type = ScalarType.Float32)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Length > MaxDimensions || shape.Any(size => size < 0))
            throw new ArgumentException($"shape [{string.Join(", ", shape)}]: at most {MaxDimensions} sizes of at least 0 were wanted");
        return new Tensor([.. shape], type, (nint)(-Interlocked.Increment(ref hollowTensors)));
    }

    unsafe TensorInfo HollowInfo(long* sizes, long* strides)
    {
        var step = 1L;
        for (var d = hollowShape.Length - 1; d >= 0; d--)
        {
            if (sizes != null)
                sizes[d] = hollowShape[d];
            if (strides != null)
                strides[d] = step;
            step *= hollowShape[d];
        }
        return new TensorInfo
        {
            Type = (int)hollowType,
            DeviceType = (int)DeviceType.Cpu,
            DeviceIndex = -1,
            Dimensions = hollowShape.Length,
            Elements = step,
            RequiresGrad = hollowIsFollowed ? 1 : 0,
            IsLeaf = 1,
            IsContiguous = 1,
            IsDenseStrided = 1,
        };
    }

    InvalidOperationException HasNoNumbers() => new($"{this} has a shape and no numbers: libtorch cannot compute with it");
}
