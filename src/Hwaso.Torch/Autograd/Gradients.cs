using Hwaso.Torch.Native;

namespace Hwaso.Torch.Autograd;

/// <summary>Backward through what autograd has followed.</summary>
public static unsafe class Gradients
{
    /// <summary>Adds d(root)/d(leaf) to the gradient of every leaf that requires one.</summary>
    /// <param name="root">One element, or any shape with <paramref name="gradient"/>.</param>
    /// <param name="gradient">The gradient of the root itself; null stands for 1.</param>
    /// <param name="retainGraph">Keeps what was saved for backward, for a second one.</param>
    /// <param name="createGraph">Follows backward itself, for higher derivatives.</param>
    /// <exception cref="TorchException">The root is not followed, is not a scalar, or was gone through already.</exception>
    public static void Backward(Tensor root, Tensor? gradient = null, bool retainGraph = false, bool createGraph = false)
    {
        nint handle = root.Live(), given = gradient?.Live() ?? 0;
        if (NativeMethods.hw_backward(&handle, gradient is null ? null : &given, 1, retainGraph ? 1 : 0, createGraph ? 1 : 0) != 0)
            throw new TorchException("backward", Door.CurrentPlace, root.ToString(), NativeMethods.LastError);
        GC.KeepAlive(root);
        GC.KeepAlive(gradient);
    }

    /// <summary>d(output)/d(input) of each input, leaving the leaves' own gradients alone.</summary>
    /// <exception cref="TorchException">An input has no part in the output, or backward fails.</exception>
    public static Tensor[] Of(Tensor output, IReadOnlyList<Tensor> inputs, Tensor? gradient = null, bool retainGraph = false, bool createGraph = false)
    {
        nint handle = output.Live(), given = gradient?.Live() ?? 0;
        var handles = inputs.Select(i => i.Live()).ToArray();
        var results = new nint[handles.Length];
        fixed (nint* wanted = handles, got = results)
        {
            if (NativeMethods.hw_grad(&handle, gradient is null ? null : &given, 1, wanted, handles.Length, retainGraph ? 1 : 0, createGraph ? 1 : 0, 0, got) != 0)
                throw new TorchException("grad", Door.CurrentPlace, output.ToString(), NativeMethods.LastError);
        }
        GC.KeepAlive(inputs);
        return results.Select(r => new Tensor(r)).ToArray();
    }
}
