namespace Hwaso.Recipes;

/// <summary>The losses a recipe can name.</summary>
public enum LossKind
{
    /// <summary>Softmax cross entropy per pixel, averaged over the pixels that count, by weight.</summary>
    CrossEntropy,

    /// <summary>Cross entropy per pixel, the less the surer the network is.</summary>
    Focal,

    /// <summary>Cross entropy of the pixels alone that the network is least sure of (OHEM).</summary>
    HardPixels,

    /// <summary>1 minus the soft Dice score of each class.</summary>
    Dice,

    /// <summary>The Lovász extension of 1 minus the IoU of each class.</summary>
    Lovasz,
}
