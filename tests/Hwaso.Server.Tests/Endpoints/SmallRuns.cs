using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime.Boxes;
using Hwaso.Torch;

namespace Hwaso.Server.Tests.Endpoints;

/// <summary>Two servers of the same small runs: on libtorch, and on Hwaso.Runtime.</summary>
public sealed class SmallServers : IAsyncLifetime
{
    internal SmallRuns Runs { get; } = new();

    internal TestServer Libtorch { get; private set; } = null!;

    internal TestServer Runtime { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Libtorch = await TestServer.StartAsync(s => s with { Models = Runs.All, Engine = Engine.Libtorch });
        Runtime = await TestServer.StartAsync(s => s with { Models = Runs.All });
    }

    public async Task DisposeAsync()
    {
        await Libtorch.DisposeAsync();
        await Runtime.DisposeAsync();
        Runs.Dispose();
    }
}

/// <summary>Runs of small networks with random weights: one with attention, one of poses, one of boxes with masks, one of two decoders.</summary>
sealed class SmallRuns : IDisposable
{
    const string Stages = """
          stage2: {modules: 1, blocks: [1, 1], channels: [4, 8]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [4, 8, 16]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [4, 8, 16, 32]}
        """;

    static readonly Dictionary<string, (string Model, string Settings)> recipes = new()
    {
        ["road"] = ($$"""
              family: hrnetv2
              attention: psa-spatial
              classes: 5
              stage1: {blocks: 1, channels: 4}
            {{Stages}}
            """, "data: {layout: cityscapes}"),
        ["pose"] = ($$"""
              family: hrnet-pose
              classes: 17
            {{Stages}}
            """, "data: {layout: coco-keypoints}\naugment: {crop: [64, 64]}"),
        ["boxes"] = ($$"""
              family: mask-rcnn-hrnetv2p
              classes: 3
              anchor_scale: 3
              pyramid_channels: 8
              head_width: 16
              stage1: {blocks: 1, channels: 4}
            {{Stages}}
            """, "data: {layout: coco}\naugment: {crop: [64, 96]}\ndetection: {score: 0.01, anchors: 16, proposals: 8, most: 20}"),
        ["two"] = ("""
              family: unet-resnet-multidecoder
              classes: 5
              resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}
              unet: {channels: [16, 16, 8, 8, 8]}
            """, "data: {layout: voc, depth: Depth, depth_unit: 40}\naugment: {crop: [64, 96]}"),
    };

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-runs").FullName;

    public SmallRuns()
    {
        RandomState.Seed(5);
        foreach (var (name, (model, settings)) in recipes)
        {
            var run = new RunFolder(Of(name));
            Directory.CreateDirectory(run.Checkpoints);
            File.WriteAllText(run.Recipe, $"name: {name}\nmodel:\n{model}\n{settings}\ntrain: {{epochs: 1, batch: 1, optimizer: "
                + "{learning_rate: 0.1}}\n");
            using var weights = Weights.Create();
            var recipe = RecipeFile.Load(run.Recipe).Model;
            Zoo.Define(recipe).Build(weights, recipe.Classes!.Value);
            foreach (var file in new[] { run.Best, run.Last })
                WeightFile.Save(file, weights, new Dictionary<string, string>
                {
                    [CheckpointMetadata.Recipe] = File.ReadAllText(run.Recipe),
                    [BoxMetadata.Key] = new BoxMetadata { Categories = [(1, "car"), (2, "person"), (3, "sign")], Most = 20 }.Write(),
                });
        }
    }

    /// <summary>Their folders.</summary>
    public IReadOnlyList<string> All => [.. recipes.Keys.Select(Of)];

    public string Of(string name) => Path.Combine(folder, name);

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
