using Hwaso.Checkpoints;
using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Models;
using Hwaso.Models.Detectors;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference.Boxes;

/// <summary>A trained or imported detector on libtorch.</summary>
public sealed class DetectorNetwork : IDisposable
{
    // torchvision's detectors have an output for every number of COCO's up to this one.
    const int CocoNumbers = 90;

    readonly LoadedModel model;

    DetectorNetwork(LoadedModel model, Recipe recipe)
    {
        (this.model, Recipe) = (model, recipe);
        var net = (Detector)model.Net;
        Finder = new BoxFinder(net, BoxSettings.TestOf(recipe, net.Config.Form), BoxSettings.LimitsOf(recipe));
    }

    /// <summary>The recipe that it was trained by, with settings of the caller; of an imported network, the official one.</summary>
    public Recipe Recipe { get; }

    /// <summary>Finds objects with it.</summary>
    public BoxFinder Finder { get; }

    /// <summary>The weight file.</summary>
    public string Source => model.Source;

    /// <summary>How many classes it tells apart.</summary>
    public int Classes => model.ClassCount;

    /// <summary>Number and name of each class's category; null where the checkpoint does not say.</summary>
    public IReadOnlyList<(long Id, string Name)>? Categories => model.Boxes?.Categories;

    /// <summary>Whether a run folder or checkpoint holds a detector; false for anything else.</summary>
    public static bool Is(string source) => CheckpointTask.Of(source) == ModelTask.Detection;

    /// <summary>Opens a run folder's best weights or a checkpoint.</summary>
    /// <param name="source">The run folder or the checkpoint.</param>
    /// <param name="device">The device of the weights.</param>
    /// <param name="settings">Overrides of its recipe, such as <c>detection.score=0.5</c>.</param>
    /// <exception cref="CheckpointException">The file is damaged, or of no detector.</exception>
    /// <exception cref="RecipeException">A setting is unknown or of the wrong type.</exception>
    public static DetectorNetwork Open(string source, Device device, params IReadOnlyList<string> settings)
    {
        var model = LoadedModel.Open(source, device);
        try
        {
            return model.Task != ModelTask.Detection
                ? throw new CheckpointException(model.Source, null, $"is a network for {model.Task.Word()}; a detector was wanted")
                : new DetectorNetwork(model, RecipeFile.Read(TrainedBy(model).ToYaml(), model.Source, settings).Recipe);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The category that each class of the network is in a data set.</summary>
    /// <param name="categories">The data set's categories by rising numbers.</param>
    /// <param name="name">The data set in words, for errors.</param>
    /// <returns>A category's number for each class.</returns>
    /// <exception cref="ArgumentException">The network's classes are not the data set's.</exception>
    public IReadOnlyList<long> CategoriesOf(IReadOnlyList<CocoCategory> categories, string name)
    {
        ArgumentNullException.ThrowIfNull(categories);
        if (Categories is { } known)
        {
            var byName = categories.GroupBy(c => c.Name).ToDictionary(g => g.Key, g => g.First().Id, StringComparer.Ordinal);
            return [.. known.Select(c => byName.TryGetValue(c.Name, out var id) ? id : throw new ArgumentException(
                $"{Source} finds '{c.Name}', which is no category of {name} ({string.Join(", ", byName.Keys.Take(10))}); name data "
                    + "that fit"))];
        }
        if (categories.Count == Classes)
            return [.. categories.Select(c => c.Id)];
        return Classes == CocoNumbers && categories.All(c => c.Id <= CocoNumbers)
            ? [.. Enumerable.Range(1, CocoNumbers).Select(id => (long)id)]
            : throw new ArgumentException(
                $"{Source} is of {Classes} classes, {name} has {categories.Count} categories; name data that fit, or import the "
                + $"network with --classes {categories.Count}");
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
            // An imported checkpoint says its network alone: the official sizes are meant.
            return new Recipe(
                "imported", model.Recipe.Model, new DataRecipe(BoxLayouts.Coco), new AugmentRecipe(new SizePx(800, 1333)),
                new TrainRecipe(1, new OptimizerRecipe(1)) { Epochs = 1 });
        }
    }
}
