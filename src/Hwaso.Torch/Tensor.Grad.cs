using Hwaso.Torch.Native;

namespace Hwaso.Torch;

public sealed partial class Tensor
{
    /// <summary>The gradient that backward has added up for this leaf, in the innermost scope; null where there is none.</summary>
    public unsafe Tensor? Grad
    {
        get
        {
            nint gradient;
            if (NativeMethods.hw_gradient(Live(), &gradient) != 0)
                throw Refused("grad", this);
            GC.KeepAlive(this);
            return gradient == 0 ? null : new Tensor(gradient);
        }
        set
        {
            if (NativeMethods.hw_set_gradient(Live(), value?.Live() ?? 0) != 0)
                throw Refused("set grad", this);
            GC.KeepAlive(this);
            GC.KeepAlive(value);
        }
    }

    /// <summary>Adds the derivative of this tensor with respect to every leaf that requires a gradient to that leaf's gradient.</summary>
    /// <param name="gradient">The gradient of this tensor itself, of its shape; null stands for 1 where the tensor has one element.</param>
    /// <param name="retainGraph">Keeps what autograd saved, so that backward can run again.</param>
    /// <param name="createGraph">Records backward itself, for higher derivatives.</param>
    /// <exception cref="TorchException">Autograd did not record this tensor, it has several elements, or backward already ran.</exception>
    public unsafe void Backward(Tensor? gradient = null, bool retainGraph = false, bool createGraph = false)
    {
        nint root = Live(), given = gradient?.Live() ?? 0;
        if (NativeMethods.hw_backward(&root, gradient is null ? null : &given, 1, retainGraph ? 1 : 0, createGraph ? 1 : 0) != 0)
            throw new TorchException("backward", Door.CurrentPlace, ToString(), NativeMethods.LastError);
        GC.KeepAlive(this);
        GC.KeepAlive(gradient);
    }
}
