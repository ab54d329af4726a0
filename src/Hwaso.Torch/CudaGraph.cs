using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>
/// Work on a CUDA device that is recorded once and then started as a whole, so that the device does not wait for the launch of each kernel.
/// The work must have the same shapes each time, read its inputs from the same tensors, and wait for no number (<see cref="Tensor.Item"/>).
/// </summary>
/// <remarks>
/// Run the work some times by <see cref="Warm"/>, record it, and then, for each input: copy it into the tensors that the work reads,
/// <see cref="Replay"/>, and read the tensors that the work made. Those must be kept (<see cref="Tensor.Own"/>) while the graph is used.
/// </remarks>
public sealed unsafe class CudaGraph : IDisposable
{
    readonly Device device;
    nint graph;
    bool recorded;

    /// <summary>A graph without work.</summary>
    /// <param name="device">The device.</param>
    /// <exception cref="ArgumentException">The device is not CUDA's.</exception>
    /// <exception cref="TorchException">The door was built without CUDA's headers.</exception>
    public CudaGraph(Device device)
    {
        if (device.Type != DeviceType.Cuda)
            throw new ArgumentException($"a CUDA graph on {device}: a CUDA device was wanted");
        this.device = device;
        nint made;
        Check(NativeMethods.hw_graph_new(Math.Max(device.Index, 0), &made), "new");
        graph = made;
    }

    /// <summary>Runs work where it is recorded later, so that libraries load and choose their kernels before.</summary>
    /// <param name="work">The work; it takes effect.</param>
    public void Warm(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        OnOwnStream(work);
    }

    /// <summary>Records work.</summary>
    /// <param name="work">The work; it takes no effect before <see cref="Replay"/>.</param>
    /// <exception cref="InvalidOperationException">Work was recorded before.</exception>
    /// <exception cref="TorchException">The work waits for the device or does something else that cannot be recorded.</exception>
    public void Record(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (recorded)
            throw new InvalidOperationException("the graph holds work already; make a new one");
        recorded = true;
        OnOwnStream(() =>
        {
            Check(NativeMethods.hw_graph_begin(graph), "begin");
            try
            {
                work();
            }
            catch
            {
                // The work's own error says more than that the recording is not whole.
                _ = NativeMethods.hw_graph_end(graph);
                throw;
            }
            Check(NativeMethods.hw_graph_end(graph), "end");
        });
    }

    /// <summary>Starts the recorded work.</summary>
    /// <exception cref="InvalidOperationException">Nothing was recorded.</exception>
    public void Replay()
    {
        if (!recorded)
            throw new InvalidOperationException("the graph holds no work; record it first");
        Check(NativeMethods.hw_graph_replay(graph), "replay");
    }

    /// <summary>Frees the work and its memory.</summary>
    public void Dispose()
    {
        if (graph != 0)
            _ = NativeMethods.hw_graph_free(graph);
        graph = 0;
    }

    void OnOwnStream(Action work)
    {
        ObjectDisposedException.ThrowIf(graph == 0, this);
        Check(NativeMethods.hw_graph_enter(graph), "enter");
        try
        {
            work();
        }
        catch
        {
            _ = NativeMethods.hw_graph_leave(graph);
            throw;
        }
        Check(NativeMethods.hw_graph_leave(graph), "leave");
    }

    void Check(int failed, string what)
    {
        if (failed != 0)
            throw new TorchException($"CUDA graph, {what}", Door.CurrentPlace, device.ToString(), NativeMethods.LastError);
    }
}
