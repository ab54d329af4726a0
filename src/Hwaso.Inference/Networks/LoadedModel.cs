using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference.Networks;

/// <summary>A network of any task with its weights, and what a checkpoint says about using it.</summary>
public sealed class LoadedModel : IDisposable
{
    LoadedModel(Net net, ModelTask task, RecipeFile recipe, IReadOnlyList<ClassEntry> classes, string source, int classCount) =>
        (Net, Task, Recipe, Classes, Source, ClassCount) = (net, task, recipe, classes, source, classCount);

    /// <summary>The network.</summary>
    public Net Net { get; }

    /// <summary>What it answers.</summary>
    public ModelTask Task { get; }

    /// <inheritdoc cref="LoadedNetwork.Recipe"/>
    public RecipeFile Recipe { get; }

    /// <inheritdoc cref="LoadedNetwork.Classes"/>
    public IReadOnlyList<ClassEntry> Classes { get; }

    /// <summary>How many classes the network has; 0 where it knows none.</summary>
    public int ClassCount { get; }

    /// <inheritdoc cref="LoadedNetwork.Source"/>
    public string Source { get; }

    /// <inheritdoc cref="LoadedNetwork.Normalisation"/>
    public Normalisation Normalisation { get; private init; } = Normalisation.ImageNet;

    /// <inheritdoc cref="LoadedNetwork.Open"/>
    public static LoadedModel Open(string source, Device device) => Open(source, device, Zoo.Define);

    /// <param name="source">The run folder or the checkpoint.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="define">What network a model section means.</param>
    /// <param name="deployed">Whether parts that serve training alone are left out.</param>
    internal static LoadedModel Open(string source, Device device, Func<ModelRecipe, ModelDefinition> define, bool deployed = true)
    {
        var path = Directory.Exists(source) ? new RunFolder(source).Weights : source;
        if (!File.Exists(path))
            throw new FileNotFoundException($"{source}: no such run folder or checkpoint");
        var file = TensorFile.Read(path);
        if (!file.Metadata.TryGetValue(LoadedNetwork.RecipeKey, out var yaml))
            throw new CheckpointException(path, null, "does not say what network it is of; bring it in first: hwaso import FILE --model MODEL --classes N --out F.safetensors");
        var recipe = RecipeFile.Read(yaml, path);
        var definition = deployed ? define(recipe.Model).Deployed() : define(recipe.Model);
        var classes = recipe.Model.Classes ?? (definition is { HasClasses: true, Task: ModelTask.Segmentation } ? (int?)null : definition.PublishedClasses) ?? throw new CheckpointException(path, null, "does not say how many classes its network has");
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
            return new LoadedModel(net, definition.Task, recipe, ReadClasses(file), path, classes)
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
        throw new ArgumentException($"class '{name}': the network has none of that name{NearName.Hint(name, names)} (it has {string.Join(", ", names)})");
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Net.Weights.Dispose();

    static ClassEntry[] ReadClasses(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(LoadedNetwork.ClassesKey, out var json))
            return [];
        try
        {
            return JsonNode.Parse(json)!.AsArray().Select(c =>
            {
                var color = c!["color"]!.AsArray();
                return new ClassEntry(c["name"]!.GetValue<string>(), color[0]!.GetValue<byte>(), color[1]!.GetValue<byte>(), color[2]!.GetValue<byte>());
            }).ToArray();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentOutOfRangeException)
        {
            throw new CheckpointException(file.Path, LoadedNetwork.ClassesKey, "is not a list of class names and colours; the file was edited");
        }
    }
}
