namespace Hwaso.Recipes;

/// <summary>
/// Detection: the sizes of training images, how many boxes a step learns from, and which answers are detections. Defaults are those of the
/// HRNet authors' code for COCO.
/// </summary>
public sealed record DetectionRecipe
{
    /// <summary>
    /// Short sides that training images are fitted into, one drawn for each image; empty for the recipe's own size (<c>augment.crop</c>).
    /// </summary>
    public ValueList<int> ShortSides { get; init; } = [];

    /// <summary>The long side that belongs to each of <see cref="ShortSides"/>.</summary>
    public ValueList<int> LongSides { get; init; } = [];

    /// <summary>Whether images without objects are learned from too.</summary>
    public bool Background { get; init; }

    /// <summary>Anchors of an image that the proposal network learns from, at least 2; at most half of them have an object.</summary>
    public int Anchors { get; init; } = 256;

    /// <summary>Proposals of an image that the box head learns from, at least 4; at most a quarter of them have an object.</summary>
    public int Proposals { get; init; } = 512;

    /// <summary>Detections have scores above this, 0 up to 1.</summary>
    public double Score { get; init; } = 0.05;

    /// <summary>The largest intersection over union of two detections of a class, above 0 and at most 1.</summary>
    public double Overlap { get; init; } = 0.5;

    /// <summary>Detections of an image, at least 1.</summary>
    public int Most { get; init; } = 100;

    internal static DetectionRecipe Read(YamlMap map)
    {
        var detection = new DetectionRecipe();
        detection = detection with
        {
            ShortSides = map["short_sides"].Ints(min: 1) ?? detection.ShortSides,
            LongSides = map["long_sides"].Ints(min: 1) ?? detection.LongSides,
            Background = map["background"].Flag() ?? detection.Background,
            Anchors = map["anchors"].Int(min: 2) ?? detection.Anchors,
            Proposals = map["proposals"].Int(min: 4) ?? detection.Proposals,
            Score = map["score"].Number(min: 0, max: 1, belowMax: true) ?? detection.Score,
            Overlap = map["overlap"].Number(min: 0, max: 1, aboveMin: true) ?? detection.Overlap,
            Most = map["most"].Int(min: 1) ?? detection.Most,
        };
        if (detection.ShortSides.Count != detection.LongSides.Count)
            throw (map["long_sides"].Node ?? map["short_sides"].Node)!.Error(
                $"{detection.ShortSides.Count} short sides and {detection.LongSides.Count} long ones; give a long side for each short one, "
                + "such as short_sides: [600, 800] and long_sides: [1000, 1333]");
        for (var k = 0; k < detection.ShortSides.Count; k++)
            if (detection.LongSides[k] < detection.ShortSides[k])
                throw map["long_sides"].Node!.Error(
                    $"the long side {detection.LongSides[k]} is below its short side {detection.ShortSides[k]}; exchange them");
        return detection;
    }

    internal void Write(YamlWriter yaml)
    {
        if (ShortSides.Count > 0)
        {
            yaml.Numbers("short_sides", ShortSides.Select(side => (double)side));
            yaml.Numbers("long_sides", LongSides.Select(side => (double)side));
        }
        yaml.Flag("background", Background);
        yaml.Int("anchors", Anchors);
        yaml.Int("proposals", Proposals);
        yaml.Number("score", Score);
        yaml.Number("overlap", Overlap);
        yaml.Int("most", Most);
    }
}
