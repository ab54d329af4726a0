namespace Hwaso.Recipes;

/// <summary>Parameters that learn in another way than the rest.</summary>
/// <param name="Contains">The text that their names contain, such as <c>norm</c>.</param>
public sealed record ParameterGroupRecipe(string Contains)
{
    /// <summary>What their learning rate is multiplied by, 0 or more.</summary>
    public double RateMultiplier { get; init; } = 1;

    /// <summary>What their weight decay is multiplied by, 0 or more.</summary>
    public double DecayMultiplier { get; init; } = 1;

    internal static ValueList<ParameterGroupRecipe> Read(YamlMap optimizer)
    {
        var maps = optimizer.Sections("groups");
        ValueList<ParameterGroupRecipe> groups = [.. maps.Select(ReadOne)];
        for (var k = 1; k < groups.Count; k++)
            if (groups.Take(k).FirstOrDefault(g => groups[k].Contains.Contains(g.Contains, StringComparison.Ordinal)) is { } earlier)
                throw maps[k]["contains"].Node!.Error($"every name with '{groups[k].Contains}' has '{earlier.Contains}' too, which stands "
                    + "before and decides; put the longer text first");
        return groups;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("contains", Contains);
        yaml.Number("rate_multiplier", RateMultiplier);
        yaml.Number("decay_multiplier", DecayMultiplier);
    }

    static ParameterGroupRecipe ReadOne(YamlMap map)
    {
        var group = new ParameterGroupRecipe(
            map["contains"].Text() ?? throw map.Missing("contains", "a text that names of parameters contain, such as norm"));
        return group with
        {
            RateMultiplier = map["rate_multiplier"].Number(min: 0) ?? group.RateMultiplier,
            DecayMultiplier = map["decay_multiplier"].Number(min: 0) ?? group.DecayMultiplier,
        };
    }
}

/// <summary>A learning rate that falls from the last layer of a backbone to its first: base · factor^(layers from the last).</summary>
/// <param name="Rule">What a layer is.</param>
/// <param name="Factor">The factor of each layer, above 0 up to 1.</param>
public sealed record LayerDecayRecipe(LayerDecayRule Rule, double Factor)
{
    static readonly NamedValues<LayerDecayRule> Rules = new(
        ("convnext_stages", LayerDecayRule.ConvNextStages), ("convnext_layers", LayerDecayRule.ConvNextLayers),
        ("blocks", LayerDecayRule.Blocks));

    /// <summary>The layers that ConvNeXt's code counts: 6 for the tiny size, 12 for the others; ConvNeXt's rules.</summary>
    public int Layers { get; init; } = 12;

    internal static LayerDecayRecipe? Read(YamlMap map)
    {
        var (rule, factor, layers) = (map["rule"].Choice(Rules), map["factor"].Number(min: 0, max: 1, aboveMin: true),
            map["layers"].Int(min: 5));
        if (!map.IsGiven)
            return null;
        var decay = new LayerDecayRecipe(
            rule ?? throw map.Missing("rule", $"one of {string.Join(", ", Rules.Names)}"),
            factor ?? throw map.Missing("factor", "the factor of each layer, such as 0.9"));
        map.RefuseUnless(rule != LayerDecayRule.Blocks, "convnext_stages and convnext_layers", "blocks", "layers");
        return decay with { Layers = layers ?? decay.Layers };
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("rule", Rules.NameOf(Rule));
        yaml.Number("factor", Factor);
        if (Rule != LayerDecayRule.Blocks) yaml.Int("layers", Layers);
    }
}

/// <summary>What a layer of a backbone is where the learning rate falls layer by layer.</summary>
public enum LayerDecayRule
{
    /// <summary>
    /// ConvNeXt's stages, as in every segmentation network that its authors released; the layers between them belong to layer 0. Liu et
    /// al., CVPR 2022.
    /// </summary>
    ConvNextStages,

    /// <summary>ConvNeXt's stages with the third one cut into threes, the layer before a stage being part of it.</summary>
    ConvNextLayers,

    /// <summary>A vision transformer's blocks; patch embedding and tokens belong to the first. Bao et al., BEiT, ICLR 2022.</summary>
    Blocks,
}
