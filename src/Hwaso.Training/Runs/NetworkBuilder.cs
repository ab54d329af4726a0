using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;

namespace Hwaso.Training.Runs;

/// <summary>Builds the network that a run begins with.</summary>
static class NetworkBuilder
{
    /// <summary>The network with its first weights: the initial values, and what a checkpoint brings.</summary>
    /// <param name="weights">Where it is built.</param>
    /// <param name="recipe">The recipe, classes filled in.</param>
    /// <param name="file">Where the recipe's keys stand.</param>
    /// <param name="pretrain">Whether to read the checkpoint that the recipe names: not for a run that goes on.</param>
    /// <param name="says">Told what was loaded.</param>
    /// <exception cref="RecipeException">The model section describes no such network, or names a checkpoint of another.</exception>
    public static SegmentationNet Build(Weights weights, Recipe recipe, RecipeFile file, bool pretrain, Action<string> says)
    {
        var made = Checked(file, () => Zoo.DefineSegmentation(recipe.Model).Build(weights, recipe.Model.Classes!.Value));
        InitialValues.Set(made, recipe.Model.Init);
        if (recipe.Model.Pretrained is { } checkpoint && pretrain)
        {
            try
            {
                says(Load(weights, checkpoint, recipe.Model.SkipMismatched));
            }
            catch (CheckpointException error)
            {
                throw file.Error("model.pretrained", error.Message);
            }
        }
        return made;
    }

    /// <summary>The segmentation network that a recipe file describes: reports what is wrong with its settings before anything is opened.</summary>
    /// <exception cref="RecipeException">The model section describes no such network.</exception>
    public static SegmentationDefinition Define(RecipeFile file) => Checked(file, () => Zoo.DefineSegmentation(file.Model));

    static T Checked<T>(RecipeFile file, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException error)
        {
            throw file.Error("model", error.Message);
        }
    }

    static string Load(Weights weights, string path, bool skipMismatched)
    {
        var report = WeightFile.Load(weights, TensorFile.Read(path), skipMismatched);
        return $"{path}: {report.Loaded.Count} tensors loaded, {report.Missing.Count} missing, {report.Unexpected.Count} unexpected, {report.Mismatched.Count} of another shape left out";
    }
}
