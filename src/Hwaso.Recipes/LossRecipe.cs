namespace Hwaso.Recipes;

/// <summary>The loss in training. What belongs to another <see cref="Kind"/> keeps its default and means nothing.</summary>
public sealed record LossRecipe
{
    const int Ignored = 255;

    static readonly NamedValues<LossKind> Kinds = new(
        ("cross_entropy", LossKind.CrossEntropy), ("focal", LossKind.Focal), ("ohem", LossKind.HardPixels), ("dice", LossKind.Dice),
        ("lovasz", LossKind.Lovasz), ("binary_cross_entropy", LossKind.BinaryCrossEntropy),
        ("mask_classification", LossKind.MaskClassification));

    static readonly NamedValues<HardPixelKind> Rules = new(
        ("hrnet", HardPixelKind.HRNet), ("bisenet", HardPixelKind.BiSeNet), ("mmseg", HardPixelKind.MmSegmentation));

    static readonly NamedValues<bool> Objects = new(("classes", false), ("segments", true));

    static readonly NamedValues<bool> Averages = new(("counted", false), ("all", true));

    /// <summary>The weights of Cityscapes' 19 training classes in the official HRNet code.</summary>
    public static ValueList<double> CityscapesWeights { get; } =
    [
        0.8373, 0.918, 0.866, 1.0345, 1.0166, 0.9969, 0.9754, 1.0489, 0.8786, 1.0023,
        0.9539, 0.9843, 1.1116, 0.9037, 1.0865, 1.0955, 1.0865, 1.1529, 1.0507,
    ];

    /// <summary>Which loss.</summary>
    public LossKind Kind { get; init; } = LossKind.CrossEntropy;

    /// <summary>The label of pixels that do not count; 255, as in padding, data and scores.</summary>
    public int IgnoreIndex { get; init; } = Ignored;

    /// <summary>A weight for each class, 0 or more; null where all count alike; cross entropy and hard pixels.</summary>
    public ValueList<double>? ClassWeights { get; init; }

    /// <summary>Share of the target spread over all classes, 0 up to 1; cross entropy.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>What every pixel's cost is multiplied by, above 0; focal.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>The exponent of a pixel's doubt, 0 or more; focal.</summary>
    public double Gamma { get; init; } = 2;

    /// <summary>The probability of the right class below which a pixel is hard, above 0 up to 1; hard pixels.</summary>
    public double Threshold { get; init; } = 0.9;

    /// <summary>Pixels of a batch that are kept at least, 1 or more; hard pixels. Of each image by mmsegmentation's rule.</summary>
    public int Keep { get; init; } = 131072;

    /// <summary>Whose rule says which pixels are hard; hard pixels.</summary>
    public HardPixelKind Rule { get; init; } = HardPixelKind.HRNet;

    /// <summary>Whether the mean is over all pixels, ignored ones too; cross entropy.</summary>
    public bool AverageOverAll { get; init; }

    /// <summary>Pixels that are added to overlap and union, 0 or more; Dice.</summary>
    public double Smooth { get; init; } = 1;

    /// <summary>The weight of pixels of the second class, above 0; binary cross entropy.</summary>
    public double PositiveWeight { get; init; } = 1;

    /// <summary>Points at which a query's mask is compared with an object's, 1 or more; mask classification.</summary>
    public int Points { get; init; } = 12544;

    /// <summary>The weight of queries without an object, 0 or more; mask classification.</summary>
    public double NoObject { get; init; } = 0.1;

    /// <summary>
    /// Whether an image's objects are its segments, things one by one, and otherwise the classes in it; mask classification.
    /// </summary>
    public bool ObjectsAreSegments { get; init; }

    /// <summary>What cross entropy is multiplied by before it is added, 0 or more; Dice and Lovász.</summary>
    public double CrossEntropyShare { get; init; }

    /// <summary>What the losses of outputs beside the answer are multiplied by.</summary>
    public LossHeadsRecipe Heads { get; init; } = new();

    internal static LossRecipe Read(YamlMap map, int? classes)
    {
        var loss = new LossRecipe
        {
            Kind = map["name"].Choice(Kinds) ?? (classes == ModelRecipe.OneChannel ? LossKind.BinaryCrossEntropy : LossKind.CrossEntropy),
        };
        if (loss.Kind == LossKind.BinaryCrossEntropy && classes is > ModelRecipe.OneChannel)
            throw map["name"].Node!.Error($"binary_cross_entropy is for a network of one output channel, not for one of {classes} classes; "
                + "set model.classes to 1, or remove the name for cross_entropy");
        var chosen = Kinds.NameOf(loss.Kind);
        map.RefuseUnless(loss.Kind is LossKind.CrossEntropy or LossKind.HardPixels, "cross_entropy and ohem", chosen, "class_weights");
        map.RefuseUnless(loss.Kind == LossKind.CrossEntropy, "cross_entropy", chosen, "label_smoothing");
        map.RefuseUnless(loss.Kind == LossKind.Focal, "focal", chosen, "alpha", "gamma");
        map.RefuseUnless(loss.Kind == LossKind.CrossEntropy, "cross_entropy", chosen, "average");
        map.RefuseUnless(loss.Kind == LossKind.HardPixels, "ohem", chosen, "threshold", "keep", "rule");
        var rule = map["rule"].Choice(Rules) ?? loss.Rule;
        map.RefuseUnless(rule != HardPixelKind.BiSeNet, "loss.rule hrnet and mmseg", "bisenet, which keeps a sixteenth", "keep");
        map.RefuseUnless(loss.Kind == LossKind.Dice, "dice", chosen, "smooth");
        map.RefuseUnless(loss.Kind is LossKind.Dice or LossKind.Lovasz, "dice and lovasz", chosen, "cross_entropy_share");
        map.RefuseUnless(loss.Kind == LossKind.BinaryCrossEntropy, "binary_cross_entropy", chosen, "positive_weight");
        map.RefuseUnless(loss.Kind == LossKind.MaskClassification, "mask_classification", chosen, "points", "no_object", "objects");
        loss = loss with
        {
            IgnoreIndex = ReadIgnored(map["ignore_index"]),
            ClassWeights = ReadWeights(map["class_weights"]),
            LabelSmoothing = map["label_smoothing"].Number(min: 0, max: 1) ?? loss.LabelSmoothing,
            Alpha = map["alpha"].Number(min: 0, aboveMin: true) ?? loss.Alpha,
            Gamma = map["gamma"].Number(min: 0) ?? loss.Gamma,
            Threshold = map["threshold"].Number(min: 0, max: 1, aboveMin: true) ?? loss.Threshold,
            Keep = map["keep"].Int(min: 1) ?? loss.Keep,
            Rule = rule,
            AverageOverAll = map["average"].Choice(Averages) ?? loss.AverageOverAll,
            Smooth = map["smooth"].Number(min: 0) ?? loss.Smooth,
            PositiveWeight = map["positive_weight"].Number(min: 0, aboveMin: true) ?? loss.PositiveWeight,
            Points = map["points"].Int(min: 1) ?? loss.Points,
            NoObject = map["no_object"].Number(min: 0) ?? loss.NoObject,
            ObjectsAreSegments = map["objects"].Choice(Objects) ?? loss.ObjectsAreSegments,
            CrossEntropyShare = map["cross_entropy_share"].Number(min: 0) ?? loss.CrossEntropyShare,
            Heads = LossHeadsRecipe.Read(map.Section("heads")),
        };
        // One channel tells two classes apart.
        var wanted = classes == ModelRecipe.OneChannel ? 2 : classes;
        if (wanted is not null && loss.ClassWeights is { } weights && weights.Count != wanted)
            throw map["class_weights"].Node!.Error($"holds {weights.Count} weights for a network of {wanted} classes");
        return loss;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("name", Kinds.NameOf(Kind));
        yaml.Int("ignore_index", IgnoreIndex);
        if (Kind is LossKind.CrossEntropy or LossKind.HardPixels)
        {
            if (ClassWeights is null) yaml.Text("class_weights", "none");
            else yaml.Numbers("class_weights", ClassWeights);
        }
        switch (Kind)
        {
            case LossKind.CrossEntropy:
                yaml.Number("label_smoothing", LabelSmoothing);
                yaml.Text("average", Averages.NameOf(AverageOverAll));
                break;
            case LossKind.Focal:
                yaml.Number("alpha", Alpha);
                yaml.Number("gamma", Gamma);
                break;
            case LossKind.HardPixels:
                yaml.Number("threshold", Threshold);
                yaml.Text("rule", Rules.NameOf(Rule));
                if (Rule != HardPixelKind.BiSeNet) yaml.Int("keep", Keep);
                break;
            case LossKind.Dice:
                yaml.Number("smooth", Smooth);
                break;
            case LossKind.BinaryCrossEntropy:
                yaml.Number("positive_weight", PositiveWeight);
                break;
            case LossKind.MaskClassification:
                yaml.Int("points", Points);
                yaml.Number("no_object", NoObject);
                yaml.Text("objects", Objects.NameOf(ObjectsAreSegments));
                break;
        }
        if (Kind is LossKind.Dice or LossKind.Lovasz) yaml.Number("cross_entropy_share", CrossEntropyShare);
        Heads.Write(yaml);
    }

    // Padding, data and scores know one ignored label. Another one here would count the pixels that they ignore.
    static int ReadIgnored(YamlField field) => field.Int(min: int.MinValue) is not (null or Ignored) and var other
        ? throw field.Node!.Error($"{other} is not {Ignored}, the label of ignored pixels in padding, data, loss and scores; remove the "
            + "key, and give the masks' own ignored values as 'ignore' in a dataset.yaml (layout folder)")
        : Ignored;

    static ValueList<double>? ReadWeights(YamlField field)
    {
        if (field.Node is not YamlScalar) return Checked(field, field.Numbers(min: 0));
        return field.Name(["none", "cityscapes"]) == "none" ? null : CityscapesWeights;
    }

    static ValueList<double>? Checked(YamlField field, ValueList<double>? weights) =>
        weights is null || weights.Any(weight => weight > 0) ? weights : throw field.Node!.Error("wants at least one weight above 0");
}

/// <summary>The losses a recipe can name.</summary>
public enum LossKind
{
    /// <summary>Softmax cross entropy per pixel, averaged over the pixels that count, by weight.</summary>
    CrossEntropy,

    /// <summary>Cross entropy per pixel, the less the surer the network is.</summary>
    Focal,

    /// <summary>Cross entropy of the pixels alone that the network is least sure of (OHEM).</summary>
    HardPixels,

    /// <summary>1 minus the soft Dice score of each class.</summary>
    Dice,

    /// <summary>The Lovász extension of 1 minus the IoU of each class.</summary>
    Lovasz,

    /// <summary>Cross entropy of a network of one output channel, the logit of the second of two classes.</summary>
    BinaryCrossEntropy,

    /// <summary>Classes and masks of queries, each paired with a class of the image: EoMT, Mask2Former.</summary>
    MaskClassification,
}

/// <summary>Whose rule says which pixels are hard.</summary>
public enum HardPixelKind
{
    /// <summary>HRNet's code: probabilities below the threshold, which rises until enough pixels are kept.</summary>
    HRNet,

    /// <summary>BiSeNet's code: costs above −log of the threshold, or the largest sixteenth where those are fewer.</summary>
    BiSeNet,

    /// <summary>mmsegmentation's: HRNet's pixels, with the number to keep of each image; the mean is over all pixels.</summary>
    MmSegmentation,
}
