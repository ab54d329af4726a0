namespace Hwaso.Training.Recipes;

/// <summary>The losses a recipe can name.</summary>
public enum LossKind
{
    /// <summary>Softmax cross entropy per pixel, averaged over the pixels that count, by weight.</summary>
    CrossEntropy,
}
