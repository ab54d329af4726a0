using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Attention;

/// <summary>What a squeeze-and-attention module sees: every map [N, K, h, w] but the squeezed one.</summary>
/// <param name="Output">Attention · main + attention.</param>
/// <param name="Attention">The upsampled attention.</param>
/// <param name="Main">The main convolutions' result.</param>
/// <param name="Squeezed">The attention at the pooled resolution before its activation, [N, K, h/pool, w/pool], rounded up.</param>
public sealed record SqueezeAttentionMaps(Tensor Output, Tensor Attention, Tensor Main, Tensor Squeezed) : ITensors
{
    /// <inheritdoc/>
    public IEnumerable<Tensor> All => [Output, Attention, Main, Squeezed];
}
