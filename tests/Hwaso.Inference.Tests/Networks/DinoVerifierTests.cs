using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;

namespace Hwaso.Inference.Tests.Networks;

/// <summary>DINOv2 through recipes, import and verify, against what the official implementation answered.</summary>
public sealed class DinoVerifierTests : TensorTest
{
    // Both sides are float32; PyTorch itself differs by up to 1e-5 between thread counts.
    const double Tolerance = 1e-5;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-dino").FullName;

    static ModelRecipe Reduced(string more = "") =>
        RecipeFile.Read($"model:\n  family: dinov2\n  transformer: {{width: 48, depth: 3, heads: 4, image: "
            + $"70}}\n{more}", "reduced.yaml").Model;

    [Fact]
    public void A_reduced_DINOv2_answers_as_the_official_one_after_import()
    {
        var imported = Path.Combine(folder, "vit.safetensors");
        var definition = Zoo.Define(Reduced());
        var report = Importer.Import(Fixtures.Path("small/dinov2_vit.pth"), definition, Reduced(), 0, imported, skipMismatched: false);
        Assert.Equal((49, 0, 0), (report.Loaded.Count, report.Missing.Count, report.Unexpected.Count));

        var fixture = Fixture.Read(Fixtures.Path("small/dinov2_vit.safetensors"));
        var errors = Verifier.Verify(definition, imported, fixture, null);
        Assert.Equal(fixture.Outputs.Order(), errors.Select(e => e.Name).Order());
        Assert.All(errors, e => Assert.InRange(e.Relative, 0, Tolerance));
        // And with other weights it does not.
        Assert.All(Verifier.Verify(definition, Verifier.Formula, fixture, null), e => Assert.True(e.Relative > 0.1, e.Name));
    }

    [Fact]
    public void The_plain_interpolation_of_the_position_embedding_is_another_answer()
    {
        var plain = Reduced() with
        {
            Settings =
            NetworkSettings.Parse("transformer: {width: 48, depth: 3, heads: 4, image: 70, interpolate_offset: 0}")
        };
        var errors =
            Verifier.Verify(Zoo.Define(plain), Fixtures.Path("small/dinov2_vit.pth"),
            Fixture.Read(Fixtures.Path("small/dinov2_vit.safetensors")), null);
        Assert.True(errors.Single(e => e.Name == "output_prenorm").Relative > 1e-3);
        // At the embedding's own size nothing is interpolated.
        Assert.InRange(errors.Single(e => e.Name == "output_native_clstoken").Relative, 0, Tolerance);
    }

    [Fact]
    public void Backbone_and_head_files_load_into_one_depth_network()
    {
        using var weights = Weights.Create();
        var net = new DinoDepth(weights, new DinoConfig { Width = 48, Depth = 3, Heads = 4, ImagePx = 70 }, new LinearDepthHead());
        var head = Path.Combine(folder, "head.safetensors");
        SafeTensors.Write(head, weights.State.Where(s => s.Key.StartsWith("decode_head.", StringComparison.Ordinal))
            .Select(s => KeyValuePair.Create(s.Key, s.Value.ToHost())));

        // The official files: the backbone's names without a prefix, the head's with decode_head.
        Assert.Equal(49, WeightFile.Load(weights, TensorFile.Read(Fixtures.Path("small/dinov2_vit.pth"))).Loaded.Count);
        Assert.Equal(
            ["decode_head.conv_depth.weight", "decode_head.conv_depth.bias"], WeightFile.Load(weights, TensorFile.Read(head)).Loaded);
        Assert.Equal(TensorFile.Read(Fixtures.Path("small/dinov2_vit.pth")).Tensors["pos_embed"].ToFloats(),
            weights["backbone.pos_embed"].ToArray<float>());
        Assert.Equal(10, net.Head.MaxDepth);
    }

    [Fact]
    public void Import_joins_backbone_and_head_and_refuses_a_part_given_twice()
    {
        var model = Reduced("  depth_head: {name: linear}\n");
        var definition = Zoo.Define(model);
        var (backbone, head, joined) =
            (Fixtures.Path("small/dinov2_vit.pth"), Path.Combine(folder, "head.safetensors"), Path.Combine(folder, "depth.safetensors"));
        SafeTensors.Write(head, [
            KeyValuePair.Create("decode_head.conv_depth.weight", FormulaWeights.Fill("w.weight", 256, 96, 1, 1)),
            KeyValuePair.Create("decode_head.conv_depth.bias", FormulaWeights.Fill("w.bias", 256)),
        ]);

        var report = Importer.Import([backbone, head], definition, model, 0, joined, skipMismatched: false);
        Assert.Equal((51, 0, 0), (report.Loaded.Count, report.Missing.Count, report.Unexpected.Count));
        var file = TensorFile.Read(joined).Tensors;
        Assert.Equal(TensorFile.Read(backbone).Tensors["norm.bias"].ToFloats(), file["backbone.norm.bias"].ToFloats());
        Assert.Equal(FormulaWeights.Fill("w.bias", 256).ToFloats(), file["decode_head.conv_depth.bias"].ToFloats());
        Assert.Equal(49, Importer.Import(head, definition, model, 0, joined, skipMismatched: false).Missing.Count);
        Assert.Contains("is in an earlier file too",
            Message(() => Importer.Import([backbone, backbone], definition, model, 0, joined, false)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_sets_heads_and_registers()
    {
        var registered =
            (DinoDefinition)Zoo.Define(new ModelRecipe
            {
                Name = "dinov2-vitl14",
                Settings = NetworkSettings.Parse("transformer: {registers: 4}")
            });
        Assert.Equal(DinoConfig.ViTL14.WithRegisters(), registered.Config);
        Assert.Equal([4, 11, 17, 23], registered.Config.FourTaps);
        var kitti = (DinoDefinition)Zoo.Define(new ModelRecipe
        {
            Name = "dinov2-vits14-depth-dpt",
            Settings = NetworkSettings.Parse("depth_head: {max_depth: 80}")
        });
        Assert.Equal(new DptDepthHead { MaxDepth = 80 }, kitti.Head);
        Assert.Equal([2, 5, 8, 11], kitti.Config.FourTaps);
    }

    [Fact]
    public void What_does_not_belong_to_a_DINOv2_is_refused()
    {
        Assert.Contains("reduced.yaml:4: model.stage2: does not belong to dinov2",
            Message(() => Zoo.Define(Reduced("  stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}\n"))), StringComparison.Ordinal);
        Assert.Contains("depth_head.channels: belongs to dpt, not to linear",
            Message(() => Zoo.Define(Reduced("  depth_head: {name: linear, channels: 8}\n"))), StringComparison.Ordinal);
        Assert.Contains("depth_head.name: missing; wants one of linear, linear4, dpt, because the network has none of its own",
            Message(() => Zoo.Define(Reduced("  depth_head: {max_depth: 80}\n"))), StringComparison.Ordinal);
        Assert.Contains("x.yaml:1: model.transformer.width: missing",
            Message(() => Zoo.Define(RecipeFile.Read("model: {family: dinov2}", "x.yaml").Model)), StringComparison.Ordinal);
        Assert.Contains("hrnetv2-w18",
            Message(() => Zoo.Define(RecipeFile.Read("model: {name: hrnetv2-w18, depth_head: {name: dpt}}", "x.yaml").Model)),
            StringComparison.Ordinal);
        Assert.Contains("dinov2-vits14 is a network for features; a segmentation network was wanted",
            Message(() => Zoo.DefineSegmentation(new ModelRecipe { Name = "dinov2-vits14" })), StringComparison.Ordinal);
        Assert.Contains("cls_token: has shape [1, 1, 48], the network wants [1, 1, 384]", Message(() => Importer.Import(
            Fixtures.Path("small/dinov2_vit.pth"), Zoo.Find("dinov2-vits14"), new ModelRecipe { Name = "dinov2-vits14" }, 0,
                Path.Combine(folder, "x"), false)), StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        base.Dispose();
    }

    static string Message(Action act) => Assert.ThrowsAny<Exception>(act).Message;
}
