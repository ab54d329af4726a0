using Hwaso.Models.Backbones;
using Hwaso.Models.Detectors;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;

namespace Hwaso.Models.Networks;

/// <summary>The initial values that a recipe asks for.</summary>
public static class InitialValues
{
    /// <summary>
    /// Gives them to a pose network's weights; those of attention modules stay their own. The head begins as published in any case, so that
    /// the first heat maps are about 0.
    /// </summary>
    public static void Set(PoseNet net, Initialization init)
    {
        ArgumentNullException.ThrowIfNull(net);
        if (init is Initialization.Published or Initialization.HRNet)
        {
            net.InitialiseAsPublished();
            return;
        }
        if (init == Initialization.Kaiming)
            Kaiming(net.Weights);
        // Heat maps are 0 nearly everywhere. A head as PyTorch makes it answers with values around 1, a loss a hundred times that of zeros,
        // and hundreds of steps do nothing but bring them down.
        foreach (var (name, tensor) in net.Weights.Parameters)
            if (net.HeadPaths.Any(path => name.StartsWith(path + ".", StringComparison.Ordinal)))
            {
                if (tensor.Dimensions == 4)
                    Init.Normal(tensor, HRNetValues.Deviation);
                else
                    Init.Constant(tensor, 0);
            }
    }

    /// <summary>
    /// Gives them to the convolutions of a detector's backbone; its pyramid and heads have their published values already. A backbone that
    /// no ImageNet weights follow begins as the authors' does: He's normal values.
    /// </summary>
    public static void Set(Detector net, Initialization init)
    {
        ArgumentNullException.ThrowIfNull(net);
        if (init == Initialization.PyTorch)
            return;
        foreach (var (name, tensor) in net.Weights.Parameters)
            if (tensor.Dimensions == 4 && name.StartsWith("backbone.", StringComparison.Ordinal)
                && !net.HeadPaths.Any(head => name.StartsWith($"{head}.", StringComparison.Ordinal))
                && !name.Contains(".deattn.", StringComparison.Ordinal))
                Init.KaimingNormal(tensor);
    }

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
                Kaiming(net.Weights);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(init), init, "an initialisation that is not known");
        }
    }

    static void Kaiming(Weights weights)
    {
        foreach (var (name, tensor) in weights.Parameters)
            if (tensor.Dimensions == 4 && !name.Contains(".deattn.", StringComparison.Ordinal))
                Init.KaimingNormal(tensor);
    }
}
