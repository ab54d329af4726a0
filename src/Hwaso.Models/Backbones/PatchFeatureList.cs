using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>What several blocks say of an image, the earliest first.</summary>
public sealed record PatchFeatureList(IReadOnlyList<PatchFeatures> Layers) : ITensors
{
    /// <inheritdoc/>
    public IEnumerable<Tensor> All => Layers.SelectMany(l => l.All);
}
