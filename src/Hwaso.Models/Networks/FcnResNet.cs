// Long et al., "Fully convolutional networks for semantic segmentation", CVPR 2015, on a dilated ResNet (Yu et al., CVPR 2017).
// Structure and key names follow torchvision (models/segmentation/fcn.py), or PyTorch-Encoding (encoding/models/sseg/fcn.py) if so configured.
// Deviations: the network's own answer is its logits at its stride; resizing them to the image's, which both do inside, is the caller's.
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>A ResNet, dilated to output stride 8 as a rule, under an FCN head: logits [N, K, H/8, W/8]; an auxiliary head on stage 3 to learn by.</summary>
public sealed class FcnResNet : SegmentationNet, ISeveralOutputs
{
    readonly FcnNames names;
    readonly ResNet backbone;
    readonly FcnHead classifier;
    readonly FcnHead? auxClassifier;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public FcnResNet(Weights w, ResNetConfig config, FcnConfig fcn, int classes) : base(w, classes, fcn.AlignCorners)
    {
        names = fcn.Names;
        backbone = new(w / names.Backbone, config);
        classifier = new(w / names.Head, fcn, backbone.Channels[4], classes, config.Momentum);
        auxClassifier = fcn.Auxiliary ? new(w / names.Auxiliary, fcn with { Channels = null }, backbone.Channels[3], classes, config.Momentum) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => auxClassifier is null ? [""] : ["aux", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => [names.Head, names.Auxiliary];

    /// <inheritdoc/>
    public override void InitialiseAsPublished() => backbone.InitialiseAsPublished();

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var maps = image.Apply(backbone);
        var logits = maps[4].Apply(classifier);
        return auxClassifier is null ? [logits] : [maps[3].Apply(auxClassifier), logits];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(backbone)[4].Apply(classifier);
}
