using System.Runtime.InteropServices;
using Hwaso.Torch.Native;

namespace Hwaso.Torch.Autograd;

/// <summary>
/// An operator written in C# that autograd differentiates: <see cref="Forward"/> computes the results, unrecorded; <see cref="Backward"/>
/// computes the gradient of each input. One instance serves one call; tensors that Backward needs are passed to <see cref="Save"/>.
/// </summary>
public abstract unsafe class Function : IDisposable
{
    readonly List<Tensor> saved = [];

    /// <summary>The name that errors give.</summary>
    public abstract string Name { get; }

    /// <summary>The results; every input may be read, none written.</summary>
    protected abstract Tensor[] Forward(Tensor[] inputs);

    /// <summary>
    /// The gradient of each input (null where there is none to give), from those of the results (null where nothing flowed).
    /// </summary>
    protected abstract Tensor?[] Backward(Tensor?[] gradients);

    /// <summary>Whether each input requires a gradient; Backward may return null for the others.</summary>
    protected IReadOnlyList<bool> NeedsGradient { get; private set; } = [];

    /// <summary>Runs the operator, and records it for autograd if any input requires a gradient.</summary>
    public Tensor[] Apply(params Tensor[] inputs)
    {
        NeedsGradient = inputs.Select(i => i.RequiresGrad).ToArray();
        var follow = NoGrad.IsFollowing && NeedsGradient.Contains(true);
        using var scope = new Scope();
        Tensor[] results;
        using (OperatorTrace.Kernel(Name))
        using (new NoGrad())
            results = Forward(inputs);
        scope.Keep(results);
        if (follow)
            Record(inputs, results);
        else
            Dispose();
        return results;
    }

    /// <summary>Keeps a tensor until backward has run. Saving a result keeps its numbers, not its place in the graph.</summary>
    protected Tensor Save(Tensor tensor)
    {
        var kept = Aten.Detach(tensor).Own();
        saved.Add(kept);
        return kept;
    }

    /// <summary>Frees the saved tensors.</summary>
    public void Dispose()
    {
        foreach (var tensor in saved)
            tensor.Dispose();
        saved.Clear();
        GC.SuppressFinalize(this);
    }

    void Record(Tensor[] inputs, Tensor[] results)
    {
        var from = inputs.Select(i => i.Live()).ToArray();
        var to = results.Select(r => r.Live()).ToArray();
        // The native node owns this object from here on; FreeContext gives it back.
        var context = GCHandle.Alloc(this);
        int failed;
        fixed (nint* i = from, r = to)
            failed = NativeMethods.hw_custom_node(Name, i, from.Length, r, to.Length, &RunBackward, &FreeContext,
                GCHandle.ToIntPtr(context));
        GC.KeepAlive(inputs);
        GC.KeepAlive(results);
        if (failed != 0)
            throw new TorchException(Name, Door.CurrentPlace, string.Join<Tensor>(", ", inputs), NativeMethods.LastError);
    }

    [UnmanagedCallersOnly]
    static int RunBackward(nint context, nint* given, int givenCount, nint* wanted, int wantedCount)
    {
        using var scope = new Scope();
        try
        {
            // Wrapped first of all, so that the scope frees them whatever happens.
            var gradients = new Tensor?[givenCount];
            for (var k = 0; k < givenCount; k++)
                gradients[k] = given[k] == 0 ? null : new Tensor(given[k]);
            var function = (Function)GCHandle.FromIntPtr(context).Target!;
            Tensor?[] results;
            using (new NoGrad())
                results = function.Backward(gradients);
            if (results.Length != wantedCount)
                throw new InvalidOperationException($"{results.Length} gradients came back for {wantedCount} inputs");
            for (var k = 0; k < wantedCount; k++)
                if (results[k] is { } result)
                {
                    nint handle;
                    if (NativeMethods.hw_share(result.Live(), &handle) != 0)
                        throw new InvalidOperationException(NativeMethods.LastError);
                    wanted[k] = handle;
                }
            return 0;
        }
#pragma warning disable CA1031 // Nothing may unwind through native frames; the message crosses instead.
        catch (Exception error)
#pragma warning restore CA1031
        {
            NativeMethods.hw_set_error(error.Message);
            return 1;
        }
    }

    [UnmanagedCallersOnly]
    static void FreeContext(nint context)
    {
        var handle = GCHandle.FromIntPtr(context);
        (handle.Target as Function)?.Dispose();
        handle.Free();
    }
}
