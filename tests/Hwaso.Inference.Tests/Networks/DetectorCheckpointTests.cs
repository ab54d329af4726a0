using System.Text.RegularExpressions;
using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests.Networks;

/// <summary>Checkpoints of detectors by the names of each release, and those that do not fit.</summary>
public sealed class DetectorCheckpointTests : TensorTest
{
    const string HRNet = """
        family: mask-rcnn-hrnetv2p
        pyramid_channels: 4
        head_width: 8
        stage1: {blocks: 1, channels: 4}
        stage2: {modules: 1, blocks: [1, 1], channels: [4, 8]}
        stage3: {modules: 1, blocks: [1, 1, 1], channels: [4, 8, 16]}
        stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [4, 8, 16, 32]}
        """;

    const string Mmdetection = $"{HRNet}\nconventions: mmdetection";

    const string Torchvision = """
        family: maskrcnn-resnet-fpn
        pyramid_channels: 4
        head_width: 8
        resnet: {blocks: [1, 1, 1, 1], widths: [4, 4, 8, 8], stem_channels: 8}
        """;

    const string Body = "backbone.body.";

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-checkpoints").FullName;

    // Layers of torchvision 0.14 lie in blocks; the weights that it publishes are from before, and count no batches.
    [Fact]
    public void Torchvisions_names_before_blocks_are_known()
    {
        var path = Written(Torchvision, 3, key => key.EndsWith("num_batches_tracked", StringComparison.Ordinal) ? null : Earlier(key));
        Assert.Contains("rpn.head.conv.weight", TensorFile.Read(path).Tensors.Keys);

        var report = Load(Torchvision, 3, path);

        Assert.Empty(report.Missing);
        Assert.Empty(report.Unexpected);
    }

    [Fact]
    public void A_classifier_of_ImageNet_becomes_the_body_of_the_backbone()
    {
        var path = Written(Torchvision, 3, key => key.StartsWith(Body, StringComparison.Ordinal) ? key[Body.Length..] : null);

        var report = Load(Torchvision, 5, path);

        Assert.Empty(report.Unexpected);
        Assert.DoesNotContain(report.Missing, key => key.StartsWith(Body, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(HRNet)]
    [InlineData(Mmdetection)]
    [InlineData(Torchvision)]
    public void Another_number_of_classes_is_named(string model)
    {
        var path = Written(model, 3, key => key);

        var error = Assert.Throws<CheckpointException>(() => Load(model, 7, path));

        Assert.Contains(
            "is for 3 classes and the background, 7 were asked for; use --classes 3", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HRNet, Mmdetection, "model.conventions: authors")]
    [InlineData(Mmdetection, HRNet, "model.conventions: mmdetection")]
    public void Names_of_other_conventions_are_refused(string given, string wanted, string remedy)
    {
        var path = Written(given, 3, key => key);

        var error = Assert.Throws<CheckpointException>(() => Load(wanted, 3, path));

        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static string Earlier(string key)
    {
        key = Regex.Replace(key, @"(inner_blocks|layer_blocks)\.(\d)\.0\.", "$1.$2.").Replace("conv.0.0", "conv", StringComparison.Ordinal);
        return Regex.Replace(key, @"mask_head\.(\d)\.0", m => $"mask_head.mask_fcn{m.Groups[1].Value[0] - '0' + 1}");
    }

    static LoadReport Load(string model, int classes, string path)
    {
        using var weights = Built(model, classes);
        return WeightFile.Load(weights, TensorFile.Read(path));
    }

    /// <summary>A network's tensors by other names; null leaves one out.</summary>
    string Written(string model, int classes, Func<string, string?> name)
    {
        var path = Path.Combine(folder, "given.safetensors");
        using var weights = Built(model, classes);
        SafeTensors.Write(path, weights.State.Where(s => name(s.Key) is not null)
            .Select(s => KeyValuePair.Create(name(s.Key)!, FormulaWeights.Fill(s.Key, s.Value.Shape))));
        return path;
    }

    static Weights Built(string model, int classes)
    {
        using var scope = new Scope();
        var weights = Weights.Create(initialise: false);
        Zoo.Define(RecipeFile.Read($"name: small\nmodel:\n  {model.Replace("\n", "\n  ", StringComparison.Ordinal)}", "small.yaml").Model)
            .Build(weights, classes);
        return weights;
    }
}
