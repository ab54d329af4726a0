using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Update rules as one pass over memory, for float32 on the processor. libtorch's operators go over it once each and make temporary
/// tensors; its vector loops fuse a multiplication with the addition after it, and so do these: the bits are the same.
/// </summary>
sealed class DenseUpdate
{
    // Below this, waking another thread takes longer than the work.
    const long MinPerThread = 1 << 16;
    readonly List<DenseSlice> slices = [];
    long total;

    /// <summary>Whether this processor fuses multiplication and addition.</summary>
    public static bool IsSupported => Fma.IsSupported || AdvSimd.IsSupported;

    /// <summary>Adds a parameter's tensors: itself, its gradient, and the optimiser's tensors of it.</summary>
    /// <returns>False, adding nothing, where they do not lie alike on the processor.</returns>
    public unsafe bool TryAdd(int index, params ReadOnlySpan<Tensor> tensors)
    {
        Span<nint> data = stackalloc nint[4];
        data.Clear();
        var length = IsSupported ? Tensor.DenseAlike(tensors, data) : -1;
        if (length < 0)
            return false;
        slices.Add(new DenseSlice
        {
            Parameter = (float*)data[0],
            Gradient = (float*)data[1],
            First = (float*)data[2],
            Second = (float*)data[3],
            Length = length,
            Index = index,
        });
        total += length;
        return true;
    }

    /// <summary>
    /// Runs the rule over everything added, in equal shares on as many threads as operators use; elements do not depend on each other, so
    /// the shares do not matter.
    /// </summary>
    public void Run(Action<DenseSlice> rule)
    {
        var threads = (int)Math.Clamp(total / MinPerThread, 1, TorchInfo.Threads);
        if (threads == 1)
            slices.ForEach(rule);
        else
            Workers.Run(threads, threads, (_, share) => Share(rule, total * share / threads, total * (share + 1) / threads));
    }

    void Share(Action<DenseSlice> rule, long from, long to)
    {
        long start = 0;
        foreach (var slice in slices)
        {
            var (begin, end) = (Math.Max(from - start, 0), Math.Min(to - start, slice.Length));
            if (begin < end)
                rule(slice.Part(begin, end - begin));
            start += slice.Length;
        }
    }
}

/// <summary>A stretch of one parameter in memory with its gradient and the optimiser's numbers of it; absent ones are null.</summary>
unsafe struct DenseSlice
{
    public float* Parameter, Gradient, First, Second;
    public long Length;

    /// <summary>The place of its tensor in the list that was added.</summary>
    public int Index;

    /// <summary>A part of it.</summary>
    public readonly DenseSlice Part(long start, long length) => new()
    {
        Parameter = Parameter + start,
        Gradient = Gradient + start,
        First = First == null ? null : First + start,
        Second = Second == null ? null : Second + start,
        Length = length,
        Index = Index,
    };
}
