using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Files;
using Hwaso.Training.Inference;
using Hwaso.Training.Metrics;
using Hwaso.Training.Recipes;
using Hwaso.Training.Runs;

namespace Hwaso.Training.Networks;

/// <summary>A network with its weights, and what a checkpoint says about using it.</summary>
public sealed class LoadedNetwork : IDisposable
{
    internal const string RecipeKey = "hwaso.recipe";
    internal const string ClassesKey = "hwaso.classes";

    LoadedNetwork(SegmentationNet net, RecipeFile recipe, IReadOnlyList<ClassInfo> classes, string source)
    {
        (Net, Recipe, Classes, Source) = (net, recipe, classes, source);
    }

    /// <summary>The network.</summary>
    public SegmentationNet Net { get; }

    /// <summary>The recipe in the checkpoint; of an imported one, its model section alone.</summary>
    public RecipeFile Recipe { get; }

    /// <summary>Names and colours of the classes; empty where the checkpoint does not say.</summary>
    public IReadOnlyList<ClassInfo> Classes { get; }

    /// <summary>The weight file.</summary>
    public string Source { get; }

    /// <summary>What its inputs go through.</summary>
    public Normalisation Normalisation { get; private init; } = Normalisation.ImageNet;

    /// <summary>Opens a run folder's best weights, or a checkpoint that Hwaso wrote.</summary>
    /// <exception cref="FileNotFoundException">There is no such file, or no weights in the folder.</exception>
    /// <exception cref="CheckpointException">The file is damaged, or does not say what network it is of.</exception>
    public static LoadedNetwork Open(string source, Device device)
    {
        var path = Directory.Exists(source) ? new RunFolder(source).Weights : source;
        if (!File.Exists(path))
            throw new FileNotFoundException($"{source}: no such run folder or checkpoint");
        var file = TensorFile.Read(path);
        if (!file.Metadata.TryGetValue(RecipeKey, out var yaml))
            throw new CheckpointException(path, null, "does not say what network it is of; bring it in first: hwaso import FILE --model MODEL --classes N --out F.safetensors");
        var recipe = RecipeFile.Read(yaml, path);
        var definition = ModelFactory.DefineSegmentation(recipe.Model).Deployed;
        var classes = recipe.Model.Classes ?? throw new CheckpointException(path, null, "does not say how many classes its network has");
        var weights = Weights.Create(device, initialise: false);
        try
        {
            var net = definition.Build(weights, classes);
            var report = WeightFile.Load(weights, file);
            if (report.Missing.Count > 0)
                throw new CheckpointException(path, report.Missing[0], $"is missing, and {report.Missing.Count - 1} more of the network's tensors; the file was cut or is of another network");
            weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
            net.Eval();
            var whole = yaml.Contains("\naugment:", StringComparison.Ordinal);
            return new LoadedNetwork(net, recipe, ReadClasses(file), path)
            {
                Normalisation = whole ? new Normalisation([.. recipe.Recipe.Augment.Mean], [.. recipe.Recipe.Augment.Std]) : Normalisation.ImageNet,
            };
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The classes as a checkpoint's metadata holds them: a JSON array of <c>{name, color: [r, g, b]}</c>.</summary>
    public static string WriteClasses(IEnumerable<ClassInfo> classes) =>
        new JsonArray(classes.Select(c => (JsonNode)new JsonObject { ["name"] = c.Name, ["color"] = new JsonArray(c.R, c.G, c.B) }).ToArray()).ToJsonString();

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Net.Weights.Dispose();

    static ClassInfo[] ReadClasses(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(ClassesKey, out var json))
            return [];
        try
        {
            return JsonNode.Parse(json)!.AsArray().Select(c =>
            {
                var color = c!["color"]!.AsArray();
                return new ClassInfo(c["name"]!.GetValue<string>(), color[0]!.GetValue<byte>(), color[1]!.GetValue<byte>(), color[2]!.GetValue<byte>());
            }).ToArray();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentOutOfRangeException)
        {
            throw new CheckpointException(file.Path, ClassesKey, "is not a list of class names and colours; the file was edited");
        }
    }
}
