// Kerssies et al., "Your ViT is secretly an image segmentation model", CVPR 2025, section 3.3: masked attention and its annealing.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>
/// Keeps queries from patches outside their own masks: masks [N, Q, P] of patches and the probability that a query is masked, to what is
/// added to attention [N, 1, T, T], where the Q queries come first and the P patches last. In evaluation all are masked or none, as the
/// probability is above ½ or below.
/// </summary>
public sealed class QueryMasks : Net<Tensor[], Tensor>
{
    const double Exponent = 0.9, Share = 1.0 / 6;

    readonly Tensor attn_mask_probs;
    readonly int blocks;

    /// <summary>A probability for each block, 0 at first.</summary>
    public QueryMasks(Weights w, int blocks) : base(w)
    {
        attn_mask_probs = w.Buffer("attn_mask_probs", [blocks]);
        this.blocks = blocks;
    }

    /// <summary>How many tokens stand between queries and patches.</summary>
    public int Between { get; init; }

    /// <summary>
    /// The probability that a query is masked: 1 until the start, then ever less, 0 from the end on, in whatever unit of training.
    /// </summary>
    public static double Probability(double at, double start, double end) =>
        at < start ? 1 : at >= end ? 0 : Math.Pow(1 - (at - start) / (end - start), Exponent);

    /// <summary>The probability of a block, a single number.</summary>
    internal Tensor Probability(int block) => Aten.Select(attn_mask_probs, 0, block);

    /// <summary>
    /// Sets the probabilities of a moment of training, from 0 to 1. The blocks follow one another: a sixth of training to each, or less if
    /// there are more than five, after a first part in which all are masked.
    /// </summary>
    internal void Anneal(double progress)
    {
        var share = Math.Min(Share, 1.0 / (blocks + 1));
        using var scope = new Scope();
        var values = Enumerable.Range(1, blocks).Select(k => (float)Probability(progress, k * share, (k + 1) * share)).ToArray();
        attn_mask_probs.CopyFrom(Tensor.From(values).ToHost());
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] masksAndProbability)
    {
        var (masks, probability) = (masksAndProbability[0], masksAndProbability[1]);
        var (count, queries, patches) = (masks.Size(0), masks.Size(1), masks.Size(2));
        var drawn = IsTraining
            ? Aten.Rand([count, queries, 1], masks.Type, masks.Device)
            : Aten.Full([count, queries, 1], 0.5, masks.Type, masks.Device);
        // 1 for patches outside the mask of a masked query.
        var hidden = (-Aten.Gt(masks, 0.0).To(masks.Type) + 1) * (-Aten.Gt(drawn - probability, 0.0).To(masks.Type) + 1);
        var others = queries + Between;
        var rows = Tensor.Concat([Tensor.Zeros([count, queries, others], masks.Type, masks.Device), hidden], 2);
        var all = Tensor.Concat([rows, Tensor.Zeros([count, Between + patches, others + patches], masks.Type, masks.Device)], 1);
        return (all * AttentionProduct.Unseen).Unsqueeze(1);
    }
}
