using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>
/// While it lives, libtorch's operators on this thread, and the nodes of its backward passes, run on so many threads;
/// <see cref="TorchInfo.Threads"/> stays. libtorch's threads sleep between operators, and waking one takes longer than most operators of a
/// network whose convolutions are ours.
/// </summary>
readonly ref struct OperatorThreads
{
    readonly int before;

    OperatorThreads(int count) => before = NativeMethods.hw_operator_threads(count);

    /// <summary>One: the caller's.</summary>
    public static OperatorThreads One() => new(1);

    /// <summary>As many as are set, for an operator that takes milliseconds.</summary>
    public static OperatorThreads All() => new(TorchInfo.Threads);

    /// <summary>Sets what was before.</summary>
    public void Dispose()
    {
        if (before > 0)
            _ = NativeMethods.hw_operator_threads(before);
    }
}
