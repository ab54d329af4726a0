using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Hwaso.Torch.Native;

namespace Hwaso.Torch.Processes;

/// <summary>
/// Processes that add, spread and gather tensors together (c10d: Gloo on processors, NCCL on GPUs). All of them make the same calls in the
/// same order; a call returns when all have made it.
/// </summary>
public sealed unsafe class ProcessGroup : IDisposable
{
    nint group;
    long waited;

    /// <summary>Joins a group.</summary>
    /// <param name="store">Where its processes meet.</param>
    /// <param name="name">Its name, another for each group of the same processes.</param>
    /// <param name="rank">This process, from 0.</param>
    /// <param name="size">How many processes there are.</param>
    /// <param name="device">Where its tensors are.</param>
    /// <param name="patience">How long a call waits for the others.</param>
    /// <param name="networkInterface">The network interface to use, such as eth0; null to choose by the machine's name.</param>
    /// <exception cref="TorchException">Not all processes joined in time.</exception>
    public ProcessGroup(
        ProcessStore store, string name, int rank, int size, Device device, TimeSpan patience, string? networkInterface = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        (Rank, Size, Device) = (rank, size, device);
        var nccl = device.Type == DeviceType.Cuda && ProcessStore.HasNccl;
        nint made;
        if (NativeMethods.hw_group_new(store.Handle, name, nccl ? 2 : 1, rank, size, (int)patience.TotalMilliseconds,
            networkInterface ?? "", &made) != 0)
            throw new TorchException("process group", "", $"{name}, process {rank} of {size}", NativeMethods.LastError);
        group = made;
    }

    /// <summary>This process, from 0.</summary>
    public int Rank { get; }

    /// <summary>How many processes there are.</summary>
    public int Size { get; }

    /// <summary>Where its tensors are.</summary>
    public Device Device { get; }

    /// <summary>How long its calls have taken so far, all together: nearly all of that is waiting for others.</summary>
    public TimeSpan Waited => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref waited));

    internal nint Handle => group != 0 ? group : throw new ObjectDisposedException(nameof(ProcessGroup));

    /// <summary>Replaces each tensor by the sum of all processes' tensors.</summary>
    /// <exception cref="TorchException">A process is gone, or did not come in time.</exception>
    public void Sum(params Tensor[] tensors) => Reduce(Operation.Sum, tensors);

    /// <summary>Replaces each tensor by the greatest of all processes' values, element by element.</summary>
    /// <exception cref="TorchException">A process is gone, or did not come in time.</exception>
    public void Greatest(params Tensor[] tensors) => Reduce(Operation.Greatest, tensors);

    /// <summary>Replaces a tensor by that of one process.</summary>
    /// <exception cref="TorchException">A process is gone, or did not come in time.</exception>
    public void Spread(Tensor tensor, int from = 0)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var began = Stopwatch.GetTimestamp();
        Check(NativeMethods.hw_group_broadcast(Handle, tensor.Live(), from), "broadcast", tensor);
        GC.KeepAlive(tensor);
        Count(began);
    }

    /// <summary>The tensors of all processes, in their order; each gives one of the same shape and type.</summary>
    /// <exception cref="TorchException">A process is gone, or did not come in time.</exception>
    public Tensor[] Gather(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var results = new nint[Size];
        var began = Stopwatch.GetTimestamp();
        int failed;
        fixed (nint* r = results)
            failed = NativeMethods.hw_group_all_gather(Handle, tensor.Live(), r);
        GC.KeepAlive(tensor);
        Check(failed, "all_gather", tensor);
        Count(began);
        return [.. results.Select(handle => new Tensor(handle))];
    }

    /// <summary>Leaves the group.</summary>
    public void Dispose()
    {
        if (group != 0)
            NativeMethods.hw_group_free(group);
        group = 0;
    }

    void Reduce(Operation operation, Tensor[] tensors)
    {
        var handles = tensors.Select(t => t.Live()).ToArray();
        var began = Stopwatch.GetTimestamp();
        int failed;
        fixed (nint* h = handles)
            failed = NativeMethods.hw_group_all_reduce(Handle, h, handles.Length, (int)operation);
        GC.KeepAlive(tensors);
        Check(failed, "all_reduce", tensors);
        Count(began);
    }

    // A backward pass on a GPU has a thread of its own.
    void Count(long began) => Interlocked.Add(ref waited, Stopwatch.GetTimestamp() - began);

    static void Check(int failed, string what, params Tensor[] tensors)
    {
        if (failed != 0)
            throw new TorchException(what, Door.CurrentPlace, string.Join<Tensor>(", ", tensors), NativeMethods.LastError);
    }

    // c10d's numbers.
    enum Operation
    {
        Sum = 0,
        Greatest = 4,
    }
}

/// <summary>
/// While it lives, this thread computes its part of a step that several processes share: losses are means over all of them, and batch norms
/// may count over all of them.
/// </summary>
public readonly ref struct SharedStep
{
    [ThreadStatic]
    static ProcessGroup? current;

    [ThreadStatic]
    static bool joins;

    /// <summary>Begins a shared step.</summary>
    /// <param name="group">The processes; its calls come in the order of the forward and backward pass.</param>
    /// <param name="joinsBatchNorms">Whether batch norms count over all processes.</param>
    public SharedStep(ProcessGroup group, bool joinsBatchNorms) => (current, joins) = (group, joinsBatchNorms);

    /// <summary>The processes of this thread's step; null where it is not shared.</summary>
    public static ProcessGroup? Processes => current;

    /// <summary>The processes that batch norms count over; null where they keep to their own batch.</summary>
    public static ProcessGroup? BatchNormProcesses => joins ? current : null;

    /// <summary>What a loss divides by, a number of samples or pixels: the mean over all processes.</summary>
    /// <param name="count">The number in this process, of one element.</param>
    /// <returns>The mean of all processes' numbers; the number itself where the step is not shared.</returns>
    public static Tensor Mean(Tensor count)
    {
        ArgumentNullException.ThrowIfNull(count);
        if (current is not { } group)
            return count;
        var sum = Aten.Clone(Aten.Detach(count));
        group.Sum(sum);
        return sum / group.Size;
    }

    /// <summary>The mean of all processes' numbers; the number itself where the step is not shared.</summary>
    public static double Mean(double count) =>
        current is null ? count : Mean(Tensor.From([count], 1).To(current.Device)).Item();

    /// <summary>Ends it.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "using wants a method of the instance")]
    public void Dispose() => (current, joins) = (null, false);
}
