using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;

namespace Hwaso.Training.Loop;

/// <summary>Loads the checkpoint that a recipe begins with.</summary>
static class PretrainedWeights
{
    /// <summary>Loads what fits; a network made for another task lacks some modules and has others.</summary>
    /// <param name="weights">The network's weights.</param>
    /// <param name="model">Which file and which of its entries; whether other shapes are left out.</param>
    /// <param name="file">The recipe, for errors.</param>
    /// <param name="says">Gets what was loaded, and which of several state dicts was taken.</param>
    /// <exception cref="RecipeException">The file is damaged, or of other shapes.</exception>
    public static void Load(Weights weights, ModelRecipe model, RecipeFile file, Action<string> says)
    {
        var path = model.Pretrained!;
        try
        {
            var report = WeightFile.Load(
                weights, TensorFile.Read(path, model.PretrainedKey), model.SkipMismatched, model.FirstConvolution);
            says($"{path}: {report.Loaded.Count} tensors loaded, {report.Missing.Count} missing, {report.Unexpected.Count} unexpected, "
                + $"{report.Mismatched.Count} of another shape left out");
            if (report.Choice("model.pretrained_key takes another") is { Length: > 0 } choice)
                says($"{path}: {choice}");
        }
        catch (CheckpointException error)
        {
            throw file.Error("model.pretrained", error.Message);
        }
    }
}
