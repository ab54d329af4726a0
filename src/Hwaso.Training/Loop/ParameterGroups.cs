using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Training.Loop;

/// <summary>How fast each parameter of a network learns and how much it decays, as a recipe says it by names.</summary>
static class ParameterGroups
{
    /// <summary>The parameters that learn, those alike together.</summary>
    /// <param name="recipe">The optimiser.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="headPaths">The modules that do not belong to the backbone.</param>
    /// <param name="backboneLater">Whether the backbone starts later than they do.</param>
    /// <exception cref="TrainingException">A rule of the recipe fits no parameter.</exception>
    public static ParameterGroup[] Of(OptimizerRecipe recipe, Weights weights, IReadOnlyList<string> headPaths, bool backboneLater = false)
    {
        bool IsHead(string name) => headPaths.Any(h => name.StartsWith(h + ".", StringComparison.Ordinal));
        var parameters = weights.Parameters.Where(p => p.Value.RequiresGrad).ToArray();
        var layers = LayersOf(recipe.LayerDecay, parameters, IsHead);
        Check(recipe, weights, layers);
        return
        [
            .. parameters.GroupBy(p =>
            {
                var (name, isHead) = (p.Key, IsHead(p.Key));
                var own = recipe.Groups.FirstOrDefault(g => name.Contains(g.Contains, StringComparison.Ordinal));
                // Scales and shifts of norms, biases and layer scales have one dimension.
                var decays = recipe.DecayNorms || p.Value.Dimensions > 1;
                var rate = (isHead ? recipe.HeadRateMultiplier : 1) * (own?.RateMultiplier ?? 1)
                    * (layers is null ? 1 : Math.Pow(recipe.LayerDecay!.Factor, layers.Last - layers.Of(name)));
                return (Rate: rate, Decay: decays ? recipe.WeightDecay * (own?.DecayMultiplier ?? 1) : 0, Later: backboneLater && !isHead);
            }).Select(g => new ParameterGroup([.. g], g.Key.Rate, g.Key.Decay, g.Key.Later)),
        ];
    }

    static LayerDepth? LayersOf(LayerDecayRecipe? decay, KeyValuePair<string, Tensor>[] parameters, Func<string, bool> isHead) =>
        decay?.Rule switch
        {
            null => null,
            LayerDecayRule.ConvNextStages => LayerDepth.ConvNextStages(decay.Layers),
            LayerDecayRule.ConvNextLayers => LayerDepth.ConvNextLayers(decay.Layers),
            _ => LayerDepth.Blocks([.. parameters.Select(p => p.Key).Where(name => !isHead(name))]),
        };

    static void Check(OptimizerRecipe recipe, Weights weights, LayerDepth? layers)
    {
        string[] names = [.. weights.Parameters.Select(p => p.Key)];
        foreach (var group in recipe.Groups)
            if (!names.Any(name => name.Contains(group.Contains, StringComparison.Ordinal)))
                throw new TrainingException($"optimizer.groups: no parameter of the network has '{group.Contains}' in its name (they are "
                    + $"{names[0]} to {names[^1]}); correct the text, or remove the group");
        if (layers is not null && !names.Any(name => layers.Of(name) < layers.Last))
            throw new TrainingException($"optimizer.layer_decay: the network has no {layers.Wanted} (its parameters are {names[0]} to "
                + $"{names[^1]}); choose another rule, or remove the section");
    }
}
