using Hwaso.Scenes;

namespace Hwaso.Cli.Tests;

/// <summary>
/// A dozen rendered scenes, a recipe that trains on them within a second, and a run of it; made once for all tests that use them.
/// </summary>
public sealed class Workshop : IDisposable
{
    // Small enough for a second, with every kind of module that the real ones have; 12 images make 3 steps an epoch.
    const string RecipeText = """
        name: small
        seed: 7
        model:
          family: hrnetv2
          attention: psa-spatial
          init: kaiming
          stage1: {blocks: 1, channels: 8}
          stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
        data: {layout: cityscapes}
        augment: {crop: [32, 64]}
        train:
          epochs: 2
          batch: 4
          optimizer: {learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0001}
        """;

    readonly Lazy<string> networks = new(() => CommandLine.Run("models", "--json").Output);

    public Workshop()
    {
        Root = Directory.CreateTempSubdirectory("hwaso-cli").FullName;
        File.WriteAllText(Recipe, RecipeText);
        SceneSet.Write(Data, SceneLayout.Cityscapes, count: 12, width: 128, height: 64, seed: 5, val: 4);
        SceneSet.Write(Voc, SceneLayout.Voc, count: 4, width: 128, height: 64, seed: 5, val: 2);
        Trained = Train("trained", "--json");
    }

    /// <summary>What <c>train --json</c> said when it made <see cref="Run"/>.</summary>
    internal CommandLine Trained { get; }

    public string Root { get; }

    /// <summary>What <c>models --json</c> prints in this process; counting every network takes seconds.</summary>
    internal string Networks => networks.Value;

    public string Recipe => At("small.yaml");

    /// <summary>The scenes in Cityscapes' layout.</summary>
    public string Data => At("data");

    /// <summary>The scenes in VOC's layout.</summary>
    public string Voc => At("voc");

    /// <summary>The trained run.</summary>
    public string Run => At("trained");

    /// <summary>The trained weights.</summary>
    public string Checkpoint => Path.Combine(Run, "checkpoints", "best.safetensors");

    /// <summary>An image of the validation split.</summary>
    public string Image => Directory.EnumerateFiles(Data, "*_leftImg8bit.png", SearchOption.AllDirectories)
        .Where(f => f.Contains("/val/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();

    public string At(string name) => Path.Combine(Root, name);

    /// <summary>Arguments that train the recipe into a run folder; one thread, so that other work on the machine slows it little.</summary>
    public string[] Training(string run, params string[] more) =>
        ["train", Recipe, "--data", Data, "--run", At(run), "--threads", "1", "--device", "cpu", .. more];

    /// <summary>A copy of one of the data sets, to be damaged.</summary>
    public string CopyOf(string data)
    {
        var copy = At(Path.GetRandomFileName());
        foreach (var file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(data, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return copy;
    }

    /// <summary>The true label ids of the validation split, as a folder of predictions: every one is right.</summary>
    public string Predictions()
    {
        var folder = Directory.CreateDirectory(At(Path.GetRandomFileName())).FullName;
        foreach (var file in Directory.EnumerateFiles(
            Path.Combine(Data, "gtFine", "val"), "*_labelIds.png", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return folder;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    internal CommandLine Train(string run, params string[] more) => CommandLine.Run(Training(run, more));
}
