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

/// <summary>Thrown for an image that has less than one pixel at a network's lowest resolution.</summary>
/// <param name="place">The module with that resolution.</param>
/// <param name="height">The image's height.</param>
/// <param name="width">The image's width.</param>
/// <param name="what">The owner of the stride, such as the last stage.</param>
/// <param name="least">The stride: the least height and width.</param>
public sealed class SmallImageException(string place, long height, long width, string what, int least) : ArgumentException(
    $"{place}: an image of {height}×{width} pixels is smaller than {what}'s stride; at least {least}×{least} was wanted")
{
    /// <summary>The least height and width.</summary>
    public int Least { get; } = least;
}

/// <summary>A network whose auxiliary head was published with a weight of its own.</summary>
public interface IAuxiliaryWeight
{
    /// <summary>The factor of the auxiliary head's loss beside the answer's.</summary>
    double AuxiliaryWeight { get; }

    /// <summary>Whether auxiliary heads were published with the answer's loss, such as hard pixels, or with plain cross entropy.</summary>
    bool AuxiliaryIsLikeAnswer { get; }
}

/// <summary>A network that learns where labels change, beside the labels.</summary>
public interface ILearnsEdges : ISeveralOutputs
{
    /// <summary>What it learns of edges; null where it was built without the heads for it.</summary>
    EdgeKind? Edges { get; }
}

/// <summary>What a network learns of edges, and the order of its outputs.</summary>
public enum EdgeKind
{
    /// <summary>Wide edges, and labels near them once more, as PIDNet: outputs for the fine map, for edges, and the answer.</summary>
    Wide,

    /// <summary>Details, as STDC: two outputs for contexts, one or more for details, and the answer.</summary>
    Details,
}

/// <summary>A network whose losses look at more than its answer.</summary>
public interface ISeveralOutputs
{
    /// <summary>What each output is called; the network's own answer is last and has no name.</summary>
    IReadOnlyList<string> OutputNames { get; }

    /// <summary>
    /// Their names in the order in which the authors' code returns them: the answer first, unless a network says otherwise.
    /// </summary>
    IReadOnlyList<string> PublishedOrder => [OutputNames[^1], .. OutputNames.SkipLast(1)];

    /// <summary>Everything that its losses look at, in the order of <see cref="OutputNames"/>.</summary>
    Tensor[] Outputs(Tensor image);
}

/// <summary>A network that changes with the course of its training, not by gradients alone.</summary>
public interface IFollowsTraining
{
    /// <summary>Called before each forward of training.</summary>
    /// <param name="progress">The share of training that is done, from 0 to below 1.</param>
    void FollowTraining(double progress);
}
