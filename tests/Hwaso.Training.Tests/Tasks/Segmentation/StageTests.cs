using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>Training in stages, on rendered scenes with their exact disparity.</summary>
public sealed class StageTests : TensorTest, IClassFixture<SceneFolder>
{
    const string Encoder = "encoder.", Semantic = "decoder.", SemanticHead = "segmentation_head.";
    const string Depth = "depth_decoder.", DepthHead = "depth_head.";

    readonly string data;
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-stages").FullName;

    public StageTests(SceneFolder scenes) => data = scenes.Root;

    [Theory]
    [InlineData(1)] // within the first stage
    [InlineData(3)] // at the end of the first, before its validation
    [InlineData(4)] // within the second
    [InlineData(6)] // at its end
    [InlineData(8)] // within the third
    [InlineData(9)] // in the validation that ends the run
    public void A_run_stopped_in_any_stage_and_resumed_ends_with_the_same_bits(int stopAfter)
    {
        Train("whole", Three);
        Assert.False(Train("broken", Three, stopAfter).Finished);
        Assert.True(Train("broken", Three, resume: true).Finished);
        Assert.Equal(Bits("whole"), Bits("broken"));
    }

    [Theory]
    [InlineData("[depth]", Depth, DepthHead)]
    [InlineData("[semantic]", Semantic, SemanticHead)]
    [InlineData("[encoder, depth]", Encoder, Depth, DepthHead)]
    [InlineData("[encoder, semantic, depth]", Encoder, Semantic, SemanticHead, Depth, DepthHead)]
    public void A_stage_changes_what_learns_and_nothing_else(string learn, params string[] changed)
    {
        // One pass and two from the same first weights: what does not learn is the same after both, statistics included.
        Train("one", $"- {{name: a, epochs: 1, learn: {learn}}}");
        Train("two", $"- {{name: a, epochs: 2, learn: {learn}}}");
        var (one, two) = (TensorFile.Read(At("one").Last).Tensors, TensorFile.Read(At("two").Last).Tensors);
        foreach (var part in new[] { Encoder, Semantic, SemanticHead, Depth, DepthHead })
        {
            var keys = one.Keys.Where(k => k.StartsWith(part, StringComparison.Ordinal)).ToArray();
            Assert.NotEmpty(keys);
            var same = keys.Count(k => one[k].Data.Span.SequenceEqual(two[k].Data.Span));
            Assert.True(changed.Contains(part) ? same == 0 : same == keys.Length, $"{part}: {same} of {keys.Length} tensors are the same");
        }
    }

    [Theory]
    [InlineData("depth_to_semantic", Depth, Semantic)]
    [InlineData("semantic_to_depth", Semantic, Depth)]
    public void What_a_stage_copies_is_there_when_it_starts(string copy, string from, string to)
    {
        // The second stage learns a head's weight at best: with the decoder frozen, what was copied stays.
        var learns = from == Depth ? "depth" : "semantic";
        Train("copied", $$$"""
            - {name: first, epochs: 1, learn: [encoder, semantic, depth]}
              - {name: second, epochs: 1, learn: [{{{learns}}}], copy: {{{copy}}}, optimizer: {learning_rate: 1.0e-30}}
            """);
        var tensors = TensorFile.Read(At("copied").Last).Tensors;
        var weights = tensors.Keys.Where(k => k.StartsWith(from, StringComparison.Ordinal))
            .Where(k => k.EndsWith("weight", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(weights);
        Assert.All(weights, k => Assert.True(tensors[k].Data.Span.SequenceEqual(tensors[to + k[from.Length..]].Data.Span), k));
    }

    [Fact]
    public void A_stage_steps_by_its_own_optimiser_and_rate()
    {
        // SGD without momentum and decay by a rate of 1, constant: a step is the gradient, and it is clipped to length 0.01.
        const string First = "- {name: first, epochs: 1, learn: [encoder, depth]}";
        const string Second = "- {name: second, epochs: 1, learn: [encoder, depth], optimizer: {name: sgd, learning_rate: 1, momentum: 0}}";
        string[] settings = ["train.clip_norm=0.01", "train.schedule.name=constant", "train.accumulate=3"];
        Train("own", $"{First}\n  {Second}", settings: settings);
        Train("first", First, settings: settings);
        // One step each, as 12 images are three batches: between the two runs' last weights lies the second stage's step alone.
        var (before, after) = (TensorFile.Read(At("first").Last).Tensors, TensorFile.Read(At("own").Last).Tensors);
        var squares = 0.0;
        bool Learns(string key) => key.EndsWith("weight", StringComparison.Ordinal) || key.EndsWith("bias", StringComparison.Ordinal);
        foreach (var (key, tensor) in before.Where(t => Learns(t.Key)))
            foreach (var (a, b) in tensor.ToFloats().Zip(after[key].ToFloats()))
                squares += ((double)a - b) * ((double)a - b);
        // Each of some 20,000 weights of about 1 is rounded by up to 6e-8: 1e-5 in length.
        Assert.Equal(0.01, Math.Sqrt(squares), 1e-5);
    }

    [Fact]
    public void Both_decoders_learn()
    {
        Train("learn", """
            - {name: depth, epochs: 12, learn: [encoder, depth]}
              - {name: both, epochs: 12, learn: [encoder, semantic, depth]}
            """);
        var losses = MetricsLog.Read(At("learn").Metrics).Steps;
        // A new stage has another loss: 36 steps each. Depth alone falls by far more than half on every seed tried.
        Assert.True(losses[35].Loss < 0.5 * losses[0].Loss, $"depth {losses[0].Loss:g3} to {losses[35].Loss:g3}");
        Assert.True(losses[^1].Loss < 0.8 * losses[36].Loss, $"both {losses[36].Loss:g3} to {losses[^1].Loss:g3}");
    }

    [Fact]
    public void Stages_that_learn_no_labels_are_not_scored()
    {
        Train("quiet", """
            - {name: depth, epochs: 2, learn: [encoder, depth]}
              - {name: both, epochs: 1, learn: [encoder, semantic, depth]}
            """);
        Assert.Equal([3], MetricsLog.Read(At("quiet").Metrics).Validations.Select(v => v.Epoch));
    }

    [Fact]
    public void Depth_that_an_image_lacks_is_an_error_before_the_first_step_with_the_recipe_line()
    {
        var copy = Directory.CreateTempSubdirectory("hwaso-bare").FullName;
        Hwaso.Scenes.SceneSet.Write(copy, Hwaso.Scenes.SceneLayout.Cityscapes, 6, 64, 32, 3, val: 1);
        var victim = Directory.EnumerateFiles(Path.Combine(copy, "disparity", "train"), "*000003*", SearchOption.AllDirectories).Single();
        File.Delete(victim);
        var error = Assert.Throws<RecipeException>(() => Train("bare", Three, root: copy));
        Assert.StartsWith("staged.yaml:8: data.depth: 1 of 6 images have no depth, the first ", error.Message, StringComparison.Ordinal);
        Assert.Contains(victim, error.Message, StringComparison.Ordinal);
        Directory.Delete(copy, recursive: true);
    }

    [Theory]
    [InlineData(
        "model={family: unet-resnet, resnet: {blocks: [1, 1, 1, 1]}}", "stages: are of networks with a semantic and a depth decoder")]
    [InlineData("data.depth=", "data: names no depth for the depth decoder to learn")]
    [InlineData("data.depth=nowhere", "data.depth: no such folder: nowhere")]
    [InlineData("loss.heads.depth=1", "loss.heads: excludes 'stages'")]
    [InlineData(
        "model.unet.depth_channels=[16, 16, 8, 8, 12]",
        "staged.yaml:17: stages[1].copy: the decoders are of different shapes: decoder.blocks.4.conv1.0.weight is [8, 8, 3, 3], "
        + "in the depth decoder [12, 8, 3, 3]; remove it, or give")]
    public void What_does_not_fit_is_an_error_before_the_first_step(string setting, string message)
    {
        var error = Assert.Throws<RecipeException>(() => Train("bad", Three, settings: setting));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    const string Three = """
        - {name: depth, epochs: 1, learn: [encoder, depth]}
          - {name: semantic, epochs: 1, learn: [semantic], copy: depth_to_semantic, optimizer: {learning_rate: 0.002}}
          - {name: both, epochs: 1, learn: [encoder, semantic, depth], optimizer: {name: sgd, learning_rate: 0.01}}
        """;

    RunFolder At(string name) => new(Path.Combine(folder, name));

    string[] Bits(string name) => SmallRuns.BitsOf(At(name));

    TrainResult Train(string name, string stages, int? stopAfter = null, bool resume = false, string? root = null, params string[] settings)
    {
        using var stop = new CancellationTokenSource();
        var recipe = RecipeFile.Read($$"""
            name: staged
            seed: 7
            model:
              family: unet-resnet-multidecoder
              {{SmallRuns.Tiny}}
              unet: {channels: [16, 16, 8, 8, 8]}
            data:
              depth: disparity
              layout: cityscapes
            augment: {crop: [64, 64]}
            train:
              batch: 4
              log_every: 1
              optimizer: {name: adam, learning_rate: 0.003}
            stages:
              {{stages}}
            """, "staged.yaml", settings);
        var watcher = new RunWatcher(step =>
        {
            if (step == stopAfter)
                stop.Cancel();
        });
        var request = new TrainRequest(recipe, root ?? data, At(name), resume, Device.Cpu, 1);
        using var trainer = new Trainer(request, TrainingTasks.Open(request), watcher);
        return trainer.Run(stop.Token);
    }
}
