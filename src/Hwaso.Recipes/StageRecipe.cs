using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>One stage of an HRNet. Wang et al., TPAMI 2020, fig. 2; NUM_MODULES, NUM_BLOCKS and NUM_CHANNELS of the official code.</summary>
/// <param name="Modules">Multi-resolution modules in a row, at least 1; always 1 in stage 1.</param>
/// <param name="Blocks">Residual blocks of each branch, finest first, each at least 1.</param>
/// <param name="Channels">Width of each branch, finest first, as many as <paramref name="Blocks"/>; for stage 1 the inner width of its Bottlenecks.</param>
public sealed record StageRecipe(int Modules, ValueList<int> Blocks, ValueList<int> Channels)
{
    /// <summary>Reads the stage of the given number, 1 to 4, which is also its number of branches; null where it was left out.</summary>
    internal static StageRecipe? Read(YamlMap map, int stage)
    {
        var modules = stage == 1 ? null : map["modules"].Int(min: 1);
        var blocks = map["blocks"].Ints(min: 1, count: stage);
        var channels = map["channels"].Ints(min: 1, count: stage);
        if (!map.IsGiven) return null;
        var wanted = stage == 1 ? "a whole number" : $"a list of {stage}, one for each branch";
        return new StageRecipe(modules ?? 1, blocks ?? throw map.Missing("blocks", wanted), channels ?? throw map.Missing("channels", wanted));
    }

    internal void Write(YamlWriter yaml, string key)
    {
        if (Blocks.Count == 1) yaml.Inline(key, ("blocks", $"{Blocks[0]}"), ("channels", $"{Channels[0]}"));
        else yaml.Inline(key, ("modules", $"{Modules}"), ("blocks", $"{Blocks}"), ("channels", $"{Channels}"));
    }
}
