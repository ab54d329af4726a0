using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models;

/// <summary>A network from normalised images [N, 3, H, W] to logits [N, K, h, w] at its own stride.</summary>
public abstract class SegmentationNet(Weights w, int classes, bool alignCorners) : Net(w)
{
    /// <summary>K.</summary>
    public int Classes { get; } = classes >= 1
        ? classes
        : throw new ArgumentOutOfRangeException(nameof(classes), $"{classes} classes: at least 1 was wanted");

    /// <summary>How its logits are brought to the image's size.</summary>
    public bool AlignCorners { get; } = alignCorners;

    /// <summary>
    /// The names of the modules that do not belong to the backbone: what learns at the head's rate, and stays when classes change.
    /// </summary>
    public abstract IReadOnlyList<string> HeadPaths { get; }

    /// <summary>Gives the weights the initial values that the network's authors begin with.</summary>
    public abstract void InitialiseAsPublished();
}

/// <summary>A network whose losses look at more than its answer.</summary>
public interface ISeveralOutputs
{
    /// <summary>What each output is called; the network's own answer is last and has no name.</summary>
    IReadOnlyList<string> OutputNames { get; }

    /// <summary>Everything that its losses look at, in the order of <see cref="OutputNames"/>.</summary>
    Tensor[] Outputs(Tensor image);
}
