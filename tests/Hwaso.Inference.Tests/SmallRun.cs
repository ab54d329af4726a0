using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests;

/// <summary>A folder with <c>runs/mine</c>, the run of a small HRNetV2 with initial weights, and an image <c>street.png</c>.</summary>
sealed class SmallRun : IDisposable
{
    static string Recipe(int classes) => $$"""
        name: mine
        model:
          family: hrnetv2
          stage1: {blocks: 1, channels: 8}
          stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
          classes: {{classes}}
        data: {layout: cityscapes}
        """;

    public SmallRun(IReadOnlyList<ClassEntry>? classes = null)
    {
        Image = new RgbImage(96, 64, Pixels(96, 64));
        Png.Write(At("street.png"), Image);
        Directory.CreateDirectory(new RunFolder(Root).Checkpoints);
        RandomState.Seed(3);
        using var weights = Weights.Create();
        var named = classes ?? ClassList.Cityscapes.Entries;
        var recipe = Recipe(named.Count > 0 ? named.Count : 19);
        var model = RecipeFile.Read(recipe, "mine.yaml").Model;
        var net = Zoo.DefineSegmentation(model).Build(weights, model.Classes!.Value);
        InitialValues.Set(net, Initialization.Kaiming);
        WeightFile.Save(Checkpoint, weights, new Dictionary<string, string>
        {
            [CheckpointMetadata.Recipe] = recipe,
            [CheckpointMetadata.Classes] = CheckpointMetadata.WriteClasses(named),
        });
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("hwaso-small-run").FullName;

    public string Root => At("runs/mine");

    public string Checkpoint => new RunFolder(Root).Best;

    public RgbImage Image { get; }

    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>The run's network as an ONNX file.</summary>
    public string Exported(ExportOptions? options = null)
    {
        using var model = LoadedModel.Open(Root, Device.Cpu);
        Exporter.Write(model, options ?? new ExportOptions(), At("mine.onnx"));
        return At("mine.onnx");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    // Smooth, so that a network of initial weights sees regions rather than noise.
    static byte[] Pixels(int width, int height) =>
    [
        .. from y in Enumerable.Range(0, height)
           from x in Enumerable.Range(0, width)
           from c in Enumerable.Range(0, 3)
           select (byte)(127 + (120 * Math.Sin((x * (c + 1) / 9.0) + (y / (5.0 + c))))),
    ];
}
