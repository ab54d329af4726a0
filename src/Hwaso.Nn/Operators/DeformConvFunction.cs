using System.Numerics;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn;

/// <summary>Deformable convolution on the processor, for autograd; inputs are input, offset, weight, then mask and bias where there are any.</summary>
sealed class DeformConvFunction<T>(DeformConvGeometry geometry, bool hasMask, bool hasBias) : Function where T : unmanaged, IFloatingPointIeee754<T>
{
    Tensor[] kept = [];

    public override string Name => "deform_conv2d";

    protected override Tensor[] Forward(Tensor[] inputs)
    {
        kept = inputs.Select(Save).ToArray();
        return [Kernel(kept).Forward(kept[2].Contiguous(), hasBias ? kept[^1].Contiguous() : null)];
    }

    protected override Tensor?[] Backward(Tensor?[] gradients)
    {
        var wants = new DeformConvWants(NeedsGradient[0], NeedsGradient[1], NeedsGradient[2], hasMask && NeedsGradient[3], hasBias && NeedsGradient[^1]);
        var (input, offset, weight, mask, bias) = Kernel(kept).Backward(kept[2].Contiguous(), gradients[0]!, wants);
        return (hasMask, hasBias) switch
        {
            (true, true) => [input, offset, weight, mask, bias],
            (true, false) => [input, offset, weight, mask],
            (false, true) => [input, offset, weight, bias],
            _ => [input, offset, weight],
        };
    }

    DeformConvKernel<T> Kernel(Tensor[] inputs) => new(geometry, inputs[0], inputs[1].Contiguous(), hasMask ? inputs[3].Contiguous() : null);
}
