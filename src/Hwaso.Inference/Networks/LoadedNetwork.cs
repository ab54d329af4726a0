using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference.Networks;

/// <summary>A network with its weights, and what a checkpoint says about using it.</summary>
public sealed class LoadedNetwork : IDisposable
{
    internal const string RecipeKey = "hwaso.recipe";
    internal const string ClassesKey = "hwaso.classes";

    LoadedNetwork(SegmentationNet net, RecipeFile recipe, IReadOnlyList<ClassEntry> classes, string source)
    {
        (Net, Recipe, Classes, Source) = (net, recipe, classes, source);
    }

    /// <summary>The network.</summary>
    public SegmentationNet Net { get; }

    /// <summary>The recipe in the checkpoint; of an imported one, its model section alone.</summary>
    public RecipeFile Recipe { get; }

    /// <summary>Names and colours of the classes; empty where the checkpoint does not say.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; }

    /// <summary>The weight file.</summary>
    public string Source { get; }

    /// <summary>What its inputs go through.</summary>
    public Normalisation Normalisation { get; private init; } = Normalisation.ImageNet;

    /// <summary>Opens a run folder's best weights, or a checkpoint that Hwaso wrote.</summary>
    /// <exception cref="FileNotFoundException">There is no such file, or no weights in the folder.</exception>
    /// <exception cref="CheckpointException">The file is damaged, or does not say what network it is of.</exception>
    public static LoadedNetwork Open(string source, Device device)
    {
        var model = LoadedModel.Open(source, device, Zoo.DefineSegmentation);
        return new LoadedNetwork((SegmentationNet)model.Net, model.Recipe, model.Classes, model.Source) { Normalisation = model.Normalisation };
    }

    /// <summary>The classes as a checkpoint's metadata holds them: a JSON array of <c>{name, color: [r, g, b]}</c>.</summary>
    public static string WriteClasses(IEnumerable<ClassEntry> classes) =>
        new JsonArray(classes.Select(c => (JsonNode)new JsonObject { ["name"] = c.Name, ["color"] = new JsonArray(c.R, c.G, c.B) }).ToArray()).ToJsonString();

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Net.Weights.Dispose();
}
