using Hwaso.Checkpoints;
using Hwaso.Models;
using Hwaso.Models.Attention;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference.Networks;

/// <summary>Converts a checkpoint of another program to one of ours.</summary>
public static class Importer
{
    // A recipe's default.
    const ulong Seed = 304;

    /// <summary>Reads a weight file into a network and writes it as safetensors that names its network.</summary>
    /// <param name="source">The <c>.pth</c> or <c>.safetensors</c> file.</param>
    /// <param name="definition">The network.</param>
    /// <param name="model">The model section of a recipe that describes it.</param>
    /// <param name="classes">K; of no effect where the network knows no classes.</param>
    /// <param name="target">The file to write.</param>
    /// <param name="skipMismatched">Whether tensors of another shape are left out; else they are an error.</param>
    /// <param name="key">The entry of a <c>.pth</c> file that holds the weights; null for the surest.</param>
    /// <exception cref="CheckpointException">The file is damaged, of another network, or of other shapes.</exception>
    public static LoadReport Import(
        string source, ModelDefinition definition, ModelRecipe model, int classes, string target, bool skipMismatched,
        string? key = null) =>
        Import([source], definition, model, classes, target, skipMismatched, key);

    /// <summary>
    /// Reads several weight files into one network, as where backbone and head were published apart; see the other overload.
    /// </summary>
    /// <param name="sources">The files; one whose name ends with <c>.index.json</c> lists others.</param>
    /// <param name="definition">The network.</param>
    /// <param name="model">The model section of a recipe that describes it.</param>
    /// <param name="classes">K; of no effect where the network knows no classes.</param>
    /// <param name="target">The file to write.</param>
    /// <param name="skipMismatched">Whether tensors of another shape are left out; else they are an error.</param>
    /// <param name="key">The entry of a <c>.pth</c> file that holds the weights; null for the surest.</param>
    /// <param name="program">Whose names the files have, one of <see cref="ForeignNames.Programs"/>; null to find it.</param>
    /// <param name="whole">Whether nothing is written where a tensor is missing, unexpected or of another shape.</param>
    /// <exception cref="CheckpointException">
    /// A file is damaged, of another network, of other shapes, or holds a tensor that an earlier one held.
    /// </exception>
    public static LoadReport Import(
        IReadOnlyList<string> sources, ModelDefinition definition, ModelRecipe model, int classes, string target, bool skipMismatched,
        string? key = null, string? program = null, bool whole = false)
    {
        // Drawn, not zero: tensors that the file lacks begin as in training; from one seed, so that the same files give the same weights.
        RandomState.Seed(Seed);
        using var weights = Weights.Create();
        var files = sources.Select(source => TensorFile.Read(source, key)).ToArray();
        (HasTrainingParts(definition, classes, files) ? definition : definition.Deployed()).Build(weights, classes);
        var report = LoadReport.Of(files.Select(file => (file.Path, WeightFile.Load(weights, file, skipMismatched,
            program: program))).ToArray());
        if (whole && !report.IsWhole)
            return report;
        WeightFile.Save(target, weights, new Dictionary<string, string>
        {
            ["format"] = "pt",
            [CheckpointMetadata.Recipe] = Described(model, definition.HasClasses ? classes : null).ToYaml(),
            [CheckpointMetadata.ImportedFrom] = string.Join(", ", sources.Select(Path.GetFileName)),
        });
        return report;
    }

    // The model section that names the network in the imported file: its settings in their order, without the weights it started from.
    static ModelRecipe Described(ModelRecipe model, int? classes) =>
        Zoo.Resolve(model with { Classes = null }) with
        {
            Classes = classes,
            Pretrained = null,
            PretrainedKey = null,
            SkipMismatched = false,
            FirstConvolution = FirstConvolution.Same,
        };

    /// <summary>Whether the files hold tensors of the parts that serve training alone; where they hold none, none is missed.</summary>
    static bool HasTrainingParts(ModelDefinition definition, int classes, IReadOnlyList<TensorFile> files)
    {
        if (definition.Deployed() == definition)
            return false;
        var only = Keys(definition, classes).Except(Keys(definition.Deployed(), classes)).ToHashSet(StringComparer.Ordinal);
        return files.Any(file => StateDict.Match(file, Keys(definition, classes)).Loaded.Keys.Any(
            key => only.Contains(key) && !key.EndsWith("num_batches_tracked", StringComparison.Ordinal)));
    }

    static string[] Keys(ModelDefinition definition, int classes)
    {
        using var weights = Weights.Create(initialise: false);
        definition.Build(weights, classes);
        return [.. weights.State.Select(s => s.Key)];
    }

    /// <summary>Converts the weights of an attention module alone.</summary>
    /// <param name="source">The weight file.</param>
    /// <param name="module">The module; its channels follow from the file.</param>
    /// <param name="target">The file to write.</param>
    /// <exception cref="CheckpointException">The file is damaged or of something else.</exception>
    public static LoadReport Import(string source, AttentionModule module, string target)
    {
        var file = TensorFile.Read(source);
        // Every module projects its input by some 1×1 convolution, C/2 × C at the widest.
        var channels = file.Tensors.Values.Where(t => t.Shape.Length == 4).Select(t => t.Shape[1]).DefaultIfEmpty(0).Max();
        if (channels < 2)
            throw new CheckpointException(
                source, null, $"holds no convolution of an attention module ({string.Join(", ", file.Tensors.Keys.Take(3))})");
        using var weights = Weights.Create(initialise: false);
        module.Build(weights, (int)channels);
        var report = WeightFile.Load(weights, file);
        WeightFile.Save(target, weights, new Dictionary<string, string>
        {
            ["format"] = "pt",
            [CheckpointMetadata.ImportedFrom] = Path.GetFileName(source),
        });
        return report;
    }
}
