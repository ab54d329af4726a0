using Hwaso.Torch.Native;

namespace Hwaso.Torch.Processes;

/// <summary>
/// Averages gradients over processes while the backward pass still computes others: in buckets, each sent as soon as the gradients of all
/// its parameters are there. Li et al., "PyTorch Distributed", VLDB 2020. The buckets and their order are fixed, so that the same run adds
/// in the same order every time.
/// </summary>
public sealed unsafe class GradientExchange : IDisposable
{
    /// <summary>Bytes of a bucket, as PyTorch has them.</summary>
    public const long BucketBytes = 25 << 20;

    /// <summary>Bytes of the first bucket: small, so that sending begins early.</summary>
    public const long FirstBucketBytes = 1 << 20;

    nint exchange;

    /// <summary>Prepares to exchange the gradients of some parameters.</summary>
    /// <param name="group">The processes; no other calls are made of this group.</param>
    /// <param name="parameters">Parameters of one type, in the order in which a forward pass uses them.</param>
    /// <exception cref="TorchException">A parameter requires no gradient or is of another type.</exception>
    public GradientExchange(ProcessGroup group, IReadOnlyList<Tensor> parameters)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(parameters);
        var handles = parameters.Select(p => p.Live()).ToArray();
        nint made;
        int failed;
        fixed (nint* h = handles)
            failed = NativeMethods.hw_exchange_new(group.Handle, h, handles.Length, FirstBucketBytes, BucketBytes, &made);
        GC.KeepAlive(parameters);
        Check(failed);
        exchange = made;
    }

    /// <summary>Lets the next backward pass send gradients.</summary>
    public void Begin() => Check(NativeMethods.hw_exchange_begin(Handle));

    /// <summary>Waits until each gradient is the mean over all processes; a parameter that no process used has none.</summary>
    /// <returns>How long this process waited for others after its own backward pass.</returns>
    /// <exception cref="TorchException">A process is gone, or did not come in time.</exception>
    public TimeSpan Finish()
    {
        long waited;
        Check(NativeMethods.hw_exchange_finish(Handle, &waited));
        return TimeSpan.FromMicroseconds(waited);
    }

    /// <summary>The buckets of the last exchange, in the order of sending.</summary>
    public IReadOnlyList<BucketTimes> Buckets
    {
        get
        {
            var numbers = new long[3 * NativeMethods.hw_exchange_buckets(Handle)];
            int failed;
            fixed (long* n = numbers)
                failed = NativeMethods.hw_exchange_times(Handle, n);
            Check(failed);
            return [.. numbers.Chunk(3).Select(n => new BucketTimes(
                n[0], TimeSpan.FromMicroseconds(n[1]), TimeSpan.FromMicroseconds(n[2])))];
        }
    }

    /// <summary>Ends it; later backward passes send nothing.</summary>
    public void Dispose()
    {
        if (exchange != 0)
            NativeMethods.hw_exchange_free(exchange);
        exchange = 0;
    }

    nint Handle => exchange != 0 ? exchange : throw new ObjectDisposedException(nameof(GradientExchange));

    static void Check(int failed)
    {
        if (failed != 0)
            throw new TorchException("gradient exchange", "", "", NativeMethods.LastError);
    }
}

/// <summary>When a bucket of gradients travelled, measured from <see cref="GradientExchange.Begin"/> on.</summary>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="Sent">When all its gradients were there and it was sent.</param>
/// <param name="Summed">When the sum over all processes was there; on GPUs, when the wait for it was queued.</param>
public readonly record struct BucketTimes(long Bytes, TimeSpan Sent, TimeSpan Summed);
