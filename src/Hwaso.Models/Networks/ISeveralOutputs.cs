using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A network whose losses look at more than its answer.</summary>
public interface ISeveralOutputs
{
    /// <summary>What each output is called; the network's own answer is last and has no name.</summary>
    IReadOnlyList<string> OutputNames { get; }

    /// <summary>Everything that its losses look at, in the order of <see cref="OutputNames"/>.</summary>
    Tensor[] Outputs(Tensor image);
}
