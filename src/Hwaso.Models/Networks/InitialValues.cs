using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;

namespace Hwaso.Models.Networks;

/// <summary>The initial values that a recipe asks for.</summary>
public static class InitialValues
{
    /// <summary>Gives them to a network's weights; those of attention modules stay their own.</summary>
    public static void Set(SegmentationNet net, Initialization init)
    {
        switch (init)
        {
            case Initialization.Published:
                net.InitialiseAsPublished();
                break;
            case Initialization.HRNet:
                // The official code leaves an OCR head as PyTorch makes it.
                HRNetValues.Normal(net.Weights, HRNetValues.Deviation, OcrHead.Modules);
                break;
            case Initialization.PyTorch:
                break;
            case Initialization.Kaiming:
                foreach (var (name, tensor) in net.Weights.Parameters)
                    if (tensor.Dimensions == 4 && !name.Contains(".deattn.", StringComparison.Ordinal))
                        Init.KaimingNormal(tensor);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(init), init, "an initialisation that is not known");
        }
    }
}
