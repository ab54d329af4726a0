using Hwaso.Torch.Autograd;
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

    /// <inheritdoc cref="Gradients.Backward"/>
    public void Backward(Tensor? gradient = null, bool retainGraph = false) => Gradients.Backward(this, gradient, retainGraph);
}
