// Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019.
// Key names follow torchvision (models/efficientnet.py): features and classifier.
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>Images [N, 3, H, W] to class logits [N, K].</summary>
public sealed class EfficientNetClassifier : Net
{
    readonly EfficientNet features;
    readonly Sequential classifier;
    readonly int classes;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or no class.</exception>
    public EfficientNetClassifier(Weights w, EfficientNetConfig config, int classes) : base(w)
    {
        if (classes < 1)
            throw new ArgumentOutOfRangeException(nameof(classes), $"classifier: {classes} classes; at least 1 was wanted");
        this.classes = classes;
        features = new(w / "features", config);
        classifier = new(w / "classifier", p => new Dropout(p, config.Dropout), p => new Linear(p, features.Channels[^1], classes));
    }

    /// <summary>torchvision's initial values: convolutions He's normal by fan-out, the linear layer uniform within 1/√K, biases 0.</summary>
    public void InitialiseAsPublished()
    {
        features.InitialiseAsPublished();
        var bound = 1 / Math.Sqrt(classes);
        Init.Uniform((Weights / "classifier" / 1)["weight"], -bound, bound);
        Init.Constant((Weights / "classifier" / 1)["bias"], 0);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Apply(features)[^1].Mean([2, 3]).Apply(classifier);
}
