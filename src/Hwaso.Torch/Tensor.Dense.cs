using Hwaso.Torch.Native;

namespace Hwaso.Torch;

public sealed partial class Tensor
{
    /// <summary>
    /// The addresses of float32 tensors on the processor that lie alike in memory, in any order but without gaps (channels-last ones do),
    /// so that element-wise work needs no indices; valid while the tensors live.
    /// </summary>
    /// <returns>How many elements each has, or -1 where they do not lie alike: <paramref name="data"/> means nothing then.</returns>
    internal static unsafe long DenseAlike(ReadOnlySpan<Tensor> tensors, Span<nint> data)
    {
        long* sizes = stackalloc long[MaxDimensions], strides = stackalloc long[MaxDimensions];
        long* otherSizes = stackalloc long[MaxDimensions], otherStrides = stackalloc long[MaxDimensions];
        var first = default(TensorInfo);
        for (var k = 0; k < tensors.Length; k++)
        {
            var info = k == 0 ? first = tensors[k].Info(sizes, strides) : tensors[k].Info(otherSizes, otherStrides);
            if ((DeviceType)info.DeviceType != DeviceType.Cpu || (ScalarType)info.Type != ScalarType.Float32 || info.IsDenseStrided == 0
                || info.Dimensions != first.Dimensions)
                return -1;
            // The stride of a dimension of size 1 is never used and may be anything.
            for (var d = 0; k > 0 && d < info.Dimensions; d++)
                if (sizes[d] != otherSizes[d] || (sizes[d] != 1 && strides[d] != otherStrides[d]))
                    return -1;
            data[k] = (nint)tensors[k].Data();
        }
        return first.Elements;
    }
}
