// Zhong et al., "Squeeze-and-attention networks for semantic segmentation", CVPR 2020. There is no official code.
// Names are ours where the paper has none: backbone and classifier as torchvision's FCN, whose files load unchanged, and sa_heads.0 … 3.
// What the text leaves open, and is chosen here (the module's own choices stand in SqueezeAttention):
// - a head's module ends in the classes, so that each channel of its attention and main maps belongs to a class;
// - the heads' outputs are resized bilinearly to the FCN head's size and summed: the mask output; plus the FCN head's logits: the dense one;
// - the categorical output is the sum over the heads of their attention before its activation, squeezed to a number a class and image
//   (mean, or maximum by setting): no weights of its own;
// - on an EfficientNet the four stages are the ends of strides 4, 8, 16 and 32, the last with the network's 1×1 convolution.
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A dilated backbone, an FCN head on its last stage and a squeeze-and-attention head on each of four: logits at the last stage's stride.</summary>
public sealed class SANet : SegmentationNet, ISeveralOutputs
{
    const int Heads = 4, Quarter = 4;

    readonly Backbone backbone;
    readonly FcnHead classifier;
    readonly SqueezeAttention[] sa_heads;
    readonly int[] stages;
    readonly PresencePooling presence;

    /// <summary>Builds the network.</summary>
    /// <param name="w">Its root.</param>
    /// <param name="build">Builds the backbone at its place.</param>
    /// <param name="config">The heads.</param>
    /// <param name="fcn">The FCN head.</param>
    /// <param name="classes">K.</param>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or a backbone of fewer than four resolutions.</exception>
    public SANet(Weights w, Func<Weights, Backbone> build, SANetConfig config, FcnConfig fcn, int classes) : base(w, classes, fcn.AlignCorners)
    {
        backbone = build(w / "backbone");
        if (backbone.Ends.Count < Heads)
            throw new ArgumentException($"sa_heads: the backbone has {backbone.Ends.Count} resolutions; {Heads} were wanted");
        stages = [.. backbone.Ends.TakeLast(Heads)];
        classifier = new(w / "classifier", fcn, backbone.Channels[^1], classes, config.Momentum);
        sa_heads = [.. stages.Select((stage, h) => new SqueezeAttention(
            w / "sa_heads" / h, backbone.Channels[stage], config.Channels ?? Math.Max(backbone.Channels[stage] / Quarter, 1), classes, config.Pool, config.Activation, config.Momentum))];
        presence = config.Presence;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => ["mask", "categorical", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["classifier", "sa_heads"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished() => backbone.InitialiseAsPublished();

    /// <summary>The sum of the heads [N, K, h, w], class presence [N, K] as logits, and the network's answer [N, K, h, w].</summary>
    public Tensor[] Outputs(Tensor image)
    {
        var maps = image.Apply(backbone);
        var heads = HeadMaps(maps);
        var squeezed = heads.Select(h => presence == PresencePooling.Mean ? h.Squeezed.Mean([2, 3]) : Aten.Amax(h.Squeezed, [2, 3])).Aggregate((a, b) => a + b);
        var logits = maps[^1].Apply(classifier);
        var mask = Sum(heads, logits);
        return [mask, squeezed, mask + logits];
    }

    /// <summary>What each of the four heads sees, finest stage first.</summary>
    public SqueezeAttentionMaps[] Attention(Tensor image) => HeadMaps(image.Apply(backbone));

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        var maps = x.Apply(backbone);
        var logits = maps[^1].Apply(classifier);
        return Sum(HeadMaps(maps), logits) + logits;
    }

    SqueezeAttentionMaps[] HeadMaps(Tensor[] maps) => [.. sa_heads.Select((head, h) => maps[stages[h]].Apply(head))];

    static Tensor Sum(SqueezeAttentionMaps[] heads, Tensor logits)
    {
        var (height, width) = (logits.Size(2), logits.Size(3));
        return heads.Select(h => (h.Output.Size(2), h.Output.Size(3)) == (height, width) ? h.Output : h.Output.ResizeBilinear(height, width)).Aggregate((a, b) => a + b);
    }
}
