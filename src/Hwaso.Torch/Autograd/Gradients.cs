using Hwaso.Torch.Native;

namespace Hwaso.Torch.Autograd;

/// <summary>Derivatives of recorded computations (<c>torch.autograd.grad</c>).</summary>
public static unsafe class Gradients
{
    /// <summary>d(output)/d(input) of each input, leaving the leaves' own gradients alone.</summary>
    /// <exception cref="TorchException">An input has no part in the output, or backward fails.</exception>
    public static Tensor[] Of(Tensor output, IReadOnlyList<Tensor> inputs, Tensor? gradient = null, bool retainGraph = false,
        bool createGraph = false)
    {
        nint handle = output.Live(), given = gradient?.Live() ?? 0;
        var handles = inputs.Select(i => i.Live()).ToArray();
        var results = new nint[handles.Length];
        fixed (nint* wanted = handles, got = results)
        {
            if (NativeMethods.hw_grad(&handle, gradient is null ? null : &given, 1, wanted, handles.Length, retainGraph ? 1 : 0,
                createGraph ? 1 : 0, 0, got) != 0)
                throw new TorchException("grad", Door.CurrentPlace, output.ToString(), NativeMethods.LastError);
        }
        GC.KeepAlive(inputs);
        return results.Select(r => new Tensor(r)).ToArray();
    }
}
