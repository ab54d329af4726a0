using Hwaso.Models.Backbones;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>A ResNet; what is null keeps the named network's value, or the kind's.</summary>
public sealed record ResNetRecipe
{
    static readonly string[] blockNames = ["bottleneck", "basic"];

    /// <summary>Blocks of each of the four stages.</summary>
    public ValueList<int>? Blocks { get; init; }

    /// <summary><c>bottleneck</c> or <c>basic</c>.</summary>
    public string? Block { get; init; }

    /// <summary>Width of each stage's blocks.</summary>
    public ValueList<int>? Widths { get; init; }

    /// <summary>Channels of the stem's convolution.</summary>
    public int? StemChannels { get; init; }

    /// <summary>Whether the stem is three 3×3 convolutions.</summary>
    public bool? DeepStem { get; init; }

    /// <summary>8, 16 or 32.</summary>
    public int? OutputStride { get; init; }

    internal ResNetConfig Over(ResNetConfig named) => named with
    {
        Blocks = Blocks is { } blocks ? [.. blocks] : named.Blocks,
        Bottlenecks = Block is { } block ? block == blockNames[0] : named.Bottlenecks,
        Widths = Widths is { } widths ? [.. widths] : named.Widths,
        StemChannels = StemChannels ?? named.StemChannels,
        DeepStem = DeepStem ?? named.DeepStem,
        OutputStride = OutputStride ?? named.OutputStride,
    };

    internal static ResNetRecipe? Read(YamlMap map)
    {
        var recipe = new ResNetRecipe
        {
            Blocks = map["blocks"].Ints(min: 1, count: 4),
            Block = map["block"].Name(blockNames),
            Widths = map["widths"].Ints(min: 1, count: 4),
            StemChannels = map["stem_channels"].Int(min: 1),
            DeepStem = map["deep_stem"].Flag(),
            OutputStride = map["output_stride"].Int(min: 8, max: 32),
        };
        if (recipe.OutputStride is { } stride and not (8 or 16 or 32)) throw map["output_stride"].Node!.Error($"{stride} is none of 8, 16, 32");
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("resnet", () =>
    {
        yaml.Numbers("blocks", Blocks?.Select(b => (double)b));
        yaml.Text("block", Block);
        yaml.Numbers("widths", Widths?.Select(w => (double)w));
        yaml.Int("stem_channels", StemChannels);
        yaml.Flag("deep_stem", DeepStem);
        yaml.Int("output_stride", OutputStride);
    });
}
