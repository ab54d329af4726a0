namespace Hwaso.Inference;

/// <summary>How the scores of windows, mirror images and scales become one map: published figures differ by this alone.</summary>
public enum ViewSum
{
    /// <summary>The logits of windows and of both mirror images are averaged, and the softmax of each scale is summed.</summary>
    Softmax,

    /// <summary>
    /// A window's logits are averaged with its mirror image's; their exponentials, which nobody divides by their sum, are averaged over windows and
    /// summed over scales: HRNet's official code, whose figures need it.
    /// </summary>
    Exponential,

    /// <summary>The logits of windows are averaged, and the softmax of each scale and of each mirror image is summed: mmsegmentation.</summary>
    SoftmaxOfEach,
}
