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

    internal static ValidateRecipe Read(YamlMap map)
    {
        var validate = new ValidateRecipe();
        validate = validate with
        {
            Every = map["every"].Int(min: 0) ?? validate.Every,
            Batch = map["batch"].Int(min: 1) ?? validate.Batch,
            Size = map["size"].Size(),
            Patience = map["patience"].Int(min: 1),
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

    internal void Write(YamlWriter yaml)
    {
        yaml.Int("every", Every);
        yaml.Int("batch", Batch);
        yaml.Size("size", Size);
        yaml.Int("patience", Patience);
    }
}
