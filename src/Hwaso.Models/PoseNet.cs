using Hwaso.Nn;

namespace Hwaso.Models;

/// <summary>A network for the joints of a person: images [N, 3, H, W] to heat maps [N, J, h, w], a peak of 1 at each joint.</summary>
/// <param name="w">Where it is built.</param>
/// <param name="joints">J, at least 1.</param>
public abstract class PoseNet(Weights w, int joints) : Net(w)
{
    /// <summary>J.</summary>
    public int Joints { get; } = joints >= 1
        ? joints
        : throw new ArgumentOutOfRangeException(nameof(joints), $"final_layer: {joints} joints; at least 1 was wanted");

    /// <summary>The names of the modules that do not belong to the backbone: what learns at the head's rate.</summary>
    public abstract IReadOnlyList<string> HeadPaths { get; }

    /// <summary>Gives the weights the initial values that the network's authors begin with.</summary>
    public abstract void InitialiseAsPublished();
}
