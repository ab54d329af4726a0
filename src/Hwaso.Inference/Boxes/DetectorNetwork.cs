using Hwaso.Checkpoints;
using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Models;
using Hwaso.Models.Detectors;
using Hwaso.Nn.Boxes;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Runtime.Boxes;
using Hwaso.Runtime.Format;
using Hwaso.Torch;

namespace Hwaso.Inference.Boxes;

/// <summary>A trained or imported detector on libtorch, or an exported one on Hwaso.Runtime.</summary>
public sealed class DetectorNetwork : IDisposable
{
    // torchvision's detectors have an output for every number of COCO's up to this one.
    const int CocoNumbers = 90;

    readonly IDisposable owner;

    DetectorNetwork(IDisposable owner, string source, string engine, IObjectFinder finder) =>
        (this.owner, Source, Engine, Finder) = (owner, source, engine, finder);

    /// <summary>Finds objects with it.</summary>
    public IObjectFinder Finder { get; }

    /// <summary>The weight file, or the exported one.</summary>
    public string Source { get; }

    /// <summary>The engine: <c>libtorch</c> or <c>Hwaso.Runtime</c>.</summary>
    public string Engine { get; }

    /// <summary>How many classes it tells apart; 0 where an exported file does not say.</summary>
    public int Classes { get; private init; }

    /// <summary>Number and name of each class's category; null where the file does not say.</summary>
    public IReadOnlyList<(long Id, string Name)>? Categories { get; private init; }

    /// <summary>Whether a run folder, a checkpoint or an exported file holds a detector; false for anything else.</summary>
    public static bool Is(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Segmenter.IsExported(source) ? IsExportedDetector(source) : CheckpointTask.Of(source) == ModelTask.Detection;
    }

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
            if (model.Task != ModelTask.Detection)
                throw new CheckpointException(model.Source, null, $"is a network for {model.Task.Word()}; a detector was wanted");
            var recipe = RecipeFile.Read(TrainedBy(model).ToYaml(), model.Source, settings).Recipe;
            var net = (Detector)model.Net;
            var finder = new BoxFinder(net, BoxSettings.TestOf(recipe, net.Config.Form), BoxSettings.LimitsOf(recipe));
            return new DetectorNetwork(model, model.Source, "libtorch", finder)
            {
                Classes = model.ClassCount,
                Categories = model.Boxes?.Categories,
            };
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
    /// <exception cref="ModelFormatException">The file is damaged, or of no detector that Hwaso exported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DetectorNetwork OpenExported(string file, int threads)
    {
        var model = OnnxModel.Load(file, new RuntimeOptions { Threads = threads });
        try
        {
            return Over(model, file);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Finds objects with an exported network that is loaded already; disposing the result disposes the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">The name to use in messages.</param>
    /// <exception cref="ModelFormatException">The model is of no detector that Hwaso exported.</exception>
    public static DetectorNetwork Over(OnnxModel model, string name)
    {
        ArgumentNullException.ThrowIfNull(model);
        var boxes = model.Metadata.TryGetValue(BoxMetadata.Key, out var text) ? BoxMetadata.Read(text, name) : null;
        if (boxes is null || !Enum.TryParse<BoxForm>(boxes.Form, out var form))
            throw new ModelFormatException(name, $"metadata {BoxMetadata.Key} names no conventions; export the detector with Hwaso");
        var normalisation = Normalisation.OfExported(model.Metadata, name);
        var sampling = BoxSettings.SamplingOf(form) with
        {
            Sizes = [BoxSettings.SizeOf(form, new SizePx(boxes.ShortSide, boxes.LongSide))],
            Mean = normalisation.Mean,
            Deviation = normalisation.Deviation,
        };
        return new DetectorNetwork(model, name, "Hwaso.Runtime", new RuntimeFinder(model, name, form, sampling))
        {
            Classes = boxes.Categories.Count,
            Categories = boxes.Categories.Count > 0 ? boxes.Categories : null,
        };
    }

    /// <summary>The category of a class; its place from 1 and no name where the network does not say them.</summary>
    /// <param name="label">The class from 0.</param>
    public (long Id, string Name) CategoryOf(int label) =>
        Categories is { } known && label < known.Count ? known[label] : (label + 1, "");

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
    public void Dispose() => owner.Dispose();

    static bool IsExportedDetector(string file)
    {
        try
        {
            return File.Exists(file) && OnnxModel.MetadataOf(file).ContainsKey(BoxMetadata.Key);
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
            // An imported checkpoint says its network alone: the official sizes are meant.
            return new Recipe(
                "imported", model.Recipe.Model, new DataRecipe(BoxLayouts.Coco), new AugmentRecipe(new SizePx(800, 1333)),
                new TrainRecipe(1, new OptimizerRecipe(1)) { Epochs = 1 });
        }
    }
}
