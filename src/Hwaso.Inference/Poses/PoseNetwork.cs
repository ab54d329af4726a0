using Hwaso.Checkpoints;
using Hwaso.Data.Poses;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference.Poses;

/// <summary>A trained or imported pose network on libtorch.</summary>
public sealed class PoseNetwork : IDisposable
{
    readonly LoadedModel model;

    PoseNetwork(LoadedModel model, Recipe recipe, PoseDescription description)
    {
        (this.model, Recipe, Description) = (model, recipe, description);
        Estimator = new PoseEstimator(model.Net, PoseSettings.OptionsOf(recipe, description));
    }

    /// <summary>The recipe that it was trained by, with settings of the caller; of an imported network, the official one.</summary>
    public Recipe Recipe { get; }

    /// <summary>Its joints.</summary>
    public PoseDescription Description { get; }

    /// <summary>Finds joints with it.</summary>
    public PoseEstimator Estimator { get; }

    /// <summary>The weight file.</summary>
    public string Source => model.Source;

    /// <summary>Whether a run folder or checkpoint holds a pose network; false for anything else.</summary>
    public static bool Is(string source) => CheckpointTask.Of(source) == ModelTask.Pose;

    /// <summary>Opens a run folder's best weights or a checkpoint.</summary>
    /// <param name="source">The run folder or the checkpoint.</param>
    /// <param name="device">The device of the weights.</param>
    /// <param name="settings">Overrides of its recipe, such as <c>pose.flip_test=false</c>.</param>
    /// <exception cref="CheckpointException">The file is damaged, or of no pose network.</exception>
    /// <exception cref="RecipeException">A setting is unknown or of the wrong type.</exception>
    public static PoseNetwork Open(string source, Device device, params IReadOnlyList<string> settings)
    {
        var model = LoadedModel.Open(source, device);
        try
        {
            if (model.Task != ModelTask.Pose)
                throw new CheckpointException(model.Source, null, $"is a network for {model.Task.Word()}; one for poses was wanted");
            var recipe = RecipeFile.Read(TrainedBy(model).ToYaml(), model.Source, settings).Recipe;
            var joints = model.ClassCount;
            var description = model.Pose is { } pose
                ? new PoseDescription
                {
                    Joints = pose.Joints,
                    Skeleton = pose.Skeleton,
                    FlipPairs = pose.FlipPairs,
                    Sigmas = pose.Sigmas.Count > 0 ? pose.Sigmas : null,
                }
                : joints == PoseDescription.Mpii.Count ? PoseDescription.Mpii
                : joints == PoseDescription.Coco.Count ? PoseDescription.Coco
                : throw new CheckpointException(
                    model.Source, null, $"does not describe its {joints} joints; train it, or import COCO's 17");
            return new PoseNetwork(model, recipe, description);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => model.Dispose();

    static Recipe TrainedBy(LoadedModel model)
    {
        try
        {
            return model.Recipe.Recipe;
        }
        catch (RecipeException)
        {
            // An imported checkpoint says its network alone: the official recipe at 256×192 is meant.
            return new Recipe(
                "imported", model.Recipe.Model, new DataRecipe(PoseLayouts.Coco), new AugmentRecipe(new SizePx(256, 192)),
                new TrainRecipe(1, new OptimizerRecipe(1)) { Epochs = 1 });
        }
    }
}
