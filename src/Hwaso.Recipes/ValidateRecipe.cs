namespace Hwaso.Recipes;

/// <summary>Scoring on the validation split while training; the last epoch is always scored.</summary>
public sealed record ValidateRecipe
{
    /// <summary>Epochs between two scorings; 0 for only at the end.</summary>
    public int Every { get; init; } = 1;

    /// <summary>Images of one forward pass; 1, because each image keeps its own size.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>The size that images are resized to before the network; null for their own. Scores are taken at the label's size.</summary>
    public SizePx? Size { get; init; }

    /// <summary>Scorings in a row without a better mIoU after which the run ends, at least 1; null to train to the end.</summary>
    public int? Patience { get; init; }

    /// <summary>
    /// The probability above which a pixel is of the second class, above 0 and below 1; null for ½, and where every class has a channel.
    /// </summary>
    public double? Threshold { get; init; }

    internal static ValidateRecipe Read(YamlMap map, bool hasOneChannel)
    {
        var validate = new ValidateRecipe();
        validate = validate with
        {
            Every = map["every"].Int(min: 0) ?? validate.Every,
            Batch = map["batch"].Int(min: 1) ?? validate.Batch,
            Size = map["size"].Size(),
            Patience = map["patience"].Int(min: 1),
            Threshold = ReadThreshold(map["threshold"], hasOneChannel),
        };
        if (validate is
            {
                Every: 0,
                Patience: not null
            }) throw map["patience"].Node!.Error(
                    "means nothing where only the end is "
                    + "scored ('every: 0'); remove one of the two");
        return validate;
    }

    static double? ReadThreshold(YamlField field, bool hasOneChannel) =>
        field.Number(min: 0, max: 1, aboveMin: true, belowMax: true) is not { } threshold ? null
        : hasOneChannel ? threshold
        : throw field.Node!.Error(
            "is for a network of one output channel: remove it, or set model.classes to 1 or loss.name to binary_cross_entropy");

    internal void Write(YamlWriter yaml)
    {
        yaml.Int("every", Every);
        yaml.Int("batch", Batch);
        yaml.Size("size", Size);
        yaml.Int("patience", Patience);
        yaml.Number("threshold", Threshold);
    }
}
