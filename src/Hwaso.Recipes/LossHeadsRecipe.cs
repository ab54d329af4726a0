namespace Hwaso.Recipes;

/// <summary>What the losses of a network's training outputs are multiplied by; null keeps the published weight.</summary>
public sealed record LossHeadsRecipe
{
    /// <summary>The auxiliary head of OCR (0.4), FCN and DeepLabV3 (0.5), 0 or more; 0 leaves it out.</summary>
    public double? Auxiliary { get; init; }

    /// <summary>The map of edges of a PIDNet (20) or of details of an STDC (1), 0 or more.</summary>
    public double? Edges { get; init; }

    /// <summary>The answer of a PIDNet once more, at the pixels that its map of edges is sure of: 0 or more, 1.</summary>
    public double? EdgePixels { get; init; }

    /// <summary>A SANet's presence of classes: α, 0 or more, 0.2.</summary>
    public double? Categorical { get; init; }

    /// <summary>A SANet's merged answer: β, 0 or more, 0.8.</summary>
    public double? Dense { get; init; }

    /// <summary>The semantic decoder of a U-Net of two, 0 or more, 0.85; a stage can have its own.</summary>
    public double? Semantic { get; init; }

    /// <summary>The depth decoder of a U-Net of two, 0 or more, 0.15; a stage can have its own.</summary>
    public double? Depth { get; init; }

    internal static LossHeadsRecipe Read(YamlMap map) => new()
    {
        Auxiliary = map["auxiliary"].Number(min: 0),
        Edges = map["edges"].Number(min: 0),
        EdgePixels = map["edge_pixels"].Number(min: 0),
        Categorical = map["categorical"].Number(min: 0),
        Dense = map["dense"].Number(min: 0),
        Semantic = map["semantic"].Number(min: 0),
        Depth = map["depth"].Number(min: 0),
    };

    internal void Write(YamlWriter yaml)
    {
        if (this == new LossHeadsRecipe())
            return;
        yaml.Section("heads", () =>
        {
            yaml.Number("auxiliary", Auxiliary);
            yaml.Number("edges", Edges);
            yaml.Number("edge_pixels", EdgePixels);
            yaml.Number("categorical", Categorical);
            yaml.Number("dense", Dense);
            yaml.Number("semantic", Semantic);
            yaml.Number("depth", Depth);
        });
    }
}
