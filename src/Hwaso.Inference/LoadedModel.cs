using System.Globalization;
using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime.Boxes;
using Hwaso.Runtime.Poses;
using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>A network of any task with its weights, and what its checkpoint says about using it.</summary>
public sealed class LoadedModel : IDisposable
{
    LoadedModel(Net net, ModelDefinition definition, RecipeFile recipe, IReadOnlyList<ClassEntry> classes, string source, int classCount) =>
        (Net, Definition, Recipe, Classes, Source, ClassCount) = (net, definition, recipe, classes, source, classCount);

    /// <summary>The threshold of a network of one output channel whose recipe names none: ½, where both classes are alike.</summary>
    public const double UsualThreshold = 0.5;

    /// <summary>The network.</summary>
    public Net Net { get; }

    /// <summary>The network as one for segmentation.</summary>
    /// <exception cref="ArgumentException">It is for another task.</exception>
    public SegmentationNet Segmentation => Net as SegmentationNet
        ?? throw new ArgumentException($"{Definition.Name} is a network for {Task.Word()}; a segmentation network was wanted");

    /// <summary>The network's definition.</summary>
    public ModelDefinition Definition { get; }

    /// <summary>The network's name as its recipe has it, for messages.</summary>
    internal string Name => Recipe.Model.Name ?? Recipe.Model.Family ?? Definition.Name;

    /// <summary>The network's task.</summary>
    public ModelTask Task => Definition.Task;

    /// <summary>The recipe in the checkpoint; of an imported one, its model section alone.</summary>
    public RecipeFile Recipe { get; }

    /// <summary>Names and colours of the classes; empty where the checkpoint does not name them.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; }

    /// <summary>How many classes the network has; 2 for a segmentation network of one output channel, 0 where it has none.</summary>
    public int ClassCount { get; }

    /// <summary>The weight file.</summary>
    public string Source { get; }

    /// <summary>How a pose network is used, as its checkpoint says; null for other networks and imported ones.</summary>
    public PoseMetadata? Pose { get; private init; }

    /// <summary>How a detector is used, as its checkpoint says; null for other networks and imported ones.</summary>
    public BoxMetadata? Boxes { get; private init; }

    /// <summary>The normalisation of its images.</summary>
    public Normalisation Normalisation { get; private init; } = Normalisation.ImageNet;

    /// <summary>
    /// The probability above which a pixel is of the second class, for a network of one output channel; null where every class has a
    /// channel.
    /// </summary>
    public double? Threshold { get; private init; }

    /// <summary>The size that images were cropped and padded to in training; null where the checkpoint does not say.</summary>
    public SizePx? Crop { get; private init; }

    /// <summary>Opens a run folder's best weights, or a checkpoint that Hwaso wrote.</summary>
    /// <param name="source">The run folder or the checkpoint.</param>
    /// <param name="device">The device of the weights.</param>
    /// <param name="deployed">Whether the parts that serve training alone are left out.</param>
    /// <exception cref="FileNotFoundException">There is no such file, or no weights in the folder.</exception>
    /// <exception cref="CheckpointException">The file is damaged, or does not say what network it is of.</exception>
    public static LoadedModel Open(string source, Device device, bool deployed = true)
    {
        var path = Directory.Exists(source) ? new RunFolder(source).Weights : source;
        if (!File.Exists(path))
            throw RunFolder.Missing(source);
        var file = TensorFile.Read(path);
        if (!file.Metadata.TryGetValue(CheckpointMetadata.Recipe, out var yaml))
            throw new CheckpointException(path, null,
                "does not say what network it is of; convert it first: hwaso import FILE --model MODEL --classes N --out F.safetensors");
        var recipe = RecipeFile.Read(yaml, path);
        var definition = Zoo.Define(recipe.Model);
        if (deployed)
            definition = definition.Deployed();
        var classes = recipe.Model.Classes
            ?? (definition is { HasClasses: true, Task: ModelTask.Segmentation } ? (int?)null : definition.PublishedClasses)
            ?? throw new CheckpointException(path, null, "does not say how many classes its network has");
        var weights = Weights.Create(device, initialise: false);
        try
        {
            var net = definition.Build(weights, classes);
            var report = WeightFile.Load(weights, file);
            if (report.Missing.Count > 0)
                throw new CheckpointException(path, report.Missing[0],
                    $"is missing, and {report.Missing.Count - 1} more of the network's tensors; the file was cut or is of another network");
            weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
            net.Eval();
            var whole = yaml.Contains("\naugment:", StringComparison.Ordinal);
            var one = net is SegmentationNet { Classes: ModelRecipe.OneChannel };
            var (named, count) = (CheckpointMetadata.ReadClasses(file), one ? TwoClassLoss.Classes : classes);
            return new LoadedModel(net, definition, recipe, named, path, count)
            {
                Threshold = one ? (whole ? recipe.Recipe.Validate.Threshold : null) ?? UsualThreshold : null,
                Normalisation = whole ? new Normalisation([.. recipe.Recipe.Augment.Mean], [.. recipe.Recipe.Augment.Std])
                    : Normalisation.Usual(definition.ImageChannels),
                Crop = whole ? recipe.Recipe.Augment.Crop : null,
                Pose = file.Metadata.TryGetValue(PoseMetadata.Key, out var pose) ? PoseMetadata.Read(pose, path) : null,
                Boxes = file.Metadata.TryGetValue(BoxMetadata.Key, out var boxes) ? BoxMetadata.Read(boxes, path) : null,
            };
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The number of a class by its name, or by the number itself where the checkpoint names none.</summary>
    /// <exception cref="ArgumentException">There is none; the message says which there are.</exception>
    public int ClassOf(string name)
    {
        for (var k = 0; k < Classes.Count; k++)
            if (Classes[k].Name == name)
                return k;
        if (Classes.Count == 0)
            return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < ClassCount
                ? number
                : throw new ArgumentException($"class '{name}': {Source} names no classes; a number from 0 to {ClassCount - 1} was wanted");
        var names = Classes.Select(c => c.Name).ToArray();
        throw new ArgumentException(
            $"class '{name}': the network has none of that name{NearName.Hint(name, names)} (it has {string.Join(", ", names)})");
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Net.Weights.Dispose();
}
