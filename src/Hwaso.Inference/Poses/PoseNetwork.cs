using Hwaso.Checkpoints;
using Hwaso.Data.Poses;
using Hwaso.Models;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Poses;
using Hwaso.Torch;

namespace Hwaso.Inference.Poses;

/// <summary>A trained or imported pose network on libtorch, or an exported one on Hwaso.Runtime.</summary>
public sealed class PoseNetwork : IDisposable
{
    readonly IDisposable owner;

    PoseNetwork(IDisposable owner, string source, string engine, Recipe recipe, PoseDescription description, PoseEstimator estimator) =>
        (this.owner, Source, Engine, Recipe, Description, Estimator) = (owner, source, engine, recipe, description, estimator);

    /// <summary>
    /// The recipe that it was trained by, with settings of the caller; of an imported network, the official one; of an exported one, what
    /// the file says about its use.
    /// </summary>
    public Recipe Recipe { get; }

    /// <summary>Its joints.</summary>
    public PoseDescription Description { get; }

    /// <summary>Finds joints with it.</summary>
    public PoseEstimator Estimator { get; }

    /// <summary>The weight file, or the exported one.</summary>
    public string Source { get; }

    /// <summary>The engine: <c>libtorch</c> or <c>Hwaso.Runtime</c>.</summary>
    public string Engine { get; }

    /// <summary>Whether a run folder, a checkpoint or an exported file holds a pose network; false for anything else.</summary>
    public static bool Is(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Segmenter.IsExported(source) ? IsExportedPose(source) : CheckpointTask.Of(source) == ModelTask.Pose;
    }

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
                ? PoseSettings.DescriptionOf(pose)
                : joints == PoseDescription.Mpii.Count ? PoseDescription.Mpii
                : joints == PoseDescription.Coco.Count ? PoseDescription.Coco
                : throw new CheckpointException(
                    model.Source, null, $"does not describe its {joints} joints; train it, or import COCO's 17");
            return new PoseNetwork(
                model, model.Source, "libtorch", recipe, description,
                new PoseEstimator(model.Net, PoseSettings.OptionsOf(recipe, description)));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Opens an exported network, which needs no libtorch.</summary>
    /// <param name="file">The <c>.onnx</c> file.</param>
    /// <param name="threads">Threads; 0: one per processor.</param>
    /// <param name="settings">Overrides of what the file says, such as <c>pose.flip_test=false</c>.</param>
    /// <exception cref="ModelFormatException">The file is damaged, or of no pose network that Hwaso exported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="RecipeException">A setting is unknown or of the wrong type.</exception>
    public static PoseNetwork OpenExported(string file, int threads, params IReadOnlyList<string> settings)
    {
        var model = PoseModel.Load(file, new RuntimeOptions { Threads = threads });
        try
        {
            var given = PoseSettings.RecipeOf(model.Metadata);
            var recipe = RecipeFile.Read(given.ToYaml(), file, settings).Recipe;
            if (recipe.Augment.Crop != given.Augment.Crop)
                throw new ArgumentException(
                    $"augment.crop=[{recipe.Augment.Crop.Height}, {recipe.Augment.Crop.Width}]: {file} was exported for crops "
                    + $"of {given.Augment.Crop}; leave it out, or export the network again");
            var description = PoseSettings.DescriptionOf(model.Metadata);
            var options = PoseSettings.OptionsOf(recipe, description);
            return new PoseNetwork(
                model, file, "Hwaso.Runtime", recipe, description,
                new PoseEstimator(new RuntimeHeatMaps(model, options.Sampling), options));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => owner.Dispose();

    static bool IsExportedPose(string file)
    {
        try
        {
            return File.Exists(file) && PoseModel.Is(file);
        }
        catch (Exception error) when (error is ModelFormatException or IOException or UnauthorizedAccessException)
        {
            // Whoever opens it reports this.
            return false;
        }
    }

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
