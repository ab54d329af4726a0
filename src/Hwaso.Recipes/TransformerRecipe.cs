using Hwaso.Models.Backbones;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>A vision transformer of DINOv2's kind; what is null keeps the named network's value, or the kind's.</summary>
public sealed record TransformerRecipe
{
    /// <summary>Width of a token.</summary>
    public int? Width { get; init; }

    /// <summary>Blocks.</summary>
    public int? Depth { get; init; }

    /// <summary>Attention heads; they divide the width.</summary>
    public int? Heads { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    public int? Patch { get; init; }

    /// <summary>Side in pixels of the images that the position embedding is for.</summary>
    public int? Image { get; init; }

    /// <summary>Width of the token-wise networks, in widths of a token.</summary>
    public int? MlpRatio { get; init; }

    /// <summary>Register tokens; given, they bring their way of interpolating the position embedding.</summary>
    public int? Registers { get; init; }

    /// <summary>Added to the grid's sides in the scale of that interpolation, 0 up to below 1.</summary>
    public double? InterpolateOffset { get; init; }

    /// <summary>Whether that interpolation is antialiased.</summary>
    public bool? InterpolateAntialias { get; init; }

    /// <summary>The four blocks, from 0, that heads over four look at.</summary>
    public ValueList<int>? Taps { get; init; }

    internal DinoConfig Over(DinoConfig named)
    {
        var plain = named with
        {
            Width = Width ?? named.Width,
            Depth = Depth ?? named.Depth,
            Heads = Heads ?? named.Heads,
            PatchPx = Patch ?? named.PatchPx,
            ImagePx = Image ?? named.ImagePx,
            MlpRatio = MlpRatio ?? named.MlpRatio,
            // A named network's taps are those of its depth.
            Taps = Taps is { } taps ? [.. taps] : Depth is null || Depth == named.Depth ? named.Taps : null,
        };
        var registered = Registers switch
        {
            null => plain,
            0 => plain with { Registers = 0, InterpolateOffset = DinoConfig.ViTS14.InterpolateOffset, InterpolateAntialias = false },
            { } registers => plain.WithRegisters() with { Registers = registers },
        };
        return registered with
        {
            InterpolateOffset = InterpolateOffset ?? registered.InterpolateOffset,
            InterpolateAntialias = InterpolateAntialias ?? registered.InterpolateAntialias,
        };
    }

    internal static TransformerRecipe? Read(YamlMap map)
    {
        var recipe = new TransformerRecipe
        {
            Width = map["width"].Int(min: 1),
            Depth = map["depth"].Int(min: 1),
            Heads = map["heads"].Int(min: 1),
            Patch = map["patch"].Int(min: 1),
            Image = map["image"].Int(min: 1),
            MlpRatio = map["mlp_ratio"].Int(min: 1),
            Registers = map["registers"].Int(min: 0),
            InterpolateOffset = map["interpolate_offset"].Number(min: 0, max: 1),
            InterpolateAntialias = map["interpolate_antialias"].Flag(),
            Taps = map["taps"].Ints(min: 0, count: 4),
        };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("transformer", () =>
    {
        yaml.Int("width", Width);
        yaml.Int("depth", Depth);
        yaml.Int("heads", Heads);
        yaml.Int("patch", Patch);
        yaml.Int("image", Image);
        yaml.Int("mlp_ratio", MlpRatio);
        yaml.Int("registers", Registers);
        yaml.Number("interpolate_offset", InterpolateOffset);
        yaml.Flag("interpolate_antialias", InterpolateAntialias);
        yaml.Numbers("taps", Taps?.Select(t => (double)t));
    });
}
