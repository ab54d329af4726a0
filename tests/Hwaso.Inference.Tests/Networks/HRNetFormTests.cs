using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests.Networks;

/// <summary>HRNet's other forms by name and by recipe: import, verify, and weights that go from one form to another.</summary>
public sealed class HRNetFormTests : TensorTest
{
    // As VerifierTests: what PyTorch itself differs by between thread counts.
    const double Tolerance = 1e-5;

    const string Stages = """
          stage2: {modules: 1, blocks: [2, 2], channels: [8, 16]}
          stage3: {modules: 1, blocks: [2, 2, 2], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [2, 2, 2, 2], channels: [8, 16, 32, 64]}

        """;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-forms").FullName;

    [Theory]
    [InlineData("hrnet_pose", "  family: hrnet-pose\n", 17, 404, "output")]
    [InlineData("hrnetv2_ocr", "  family: hrnetv2-ocr\n  stage1: {blocks: 1, channels: 16}\n  ocr: {channels: 32, key_channels: 16}\n", 5,
        480, "output_aux", "output")]
    public void A_reduced_network_answers_as_the_official_one_after_import(
        string fixture, string head, int classes, int tensors, params string[] outputs)
    {
        var recipe = Read(head);
        var definition = Zoo.Define(recipe);
        var report = Importer.Import(Fixtures.Path($"small/{fixture}.pth"), definition, recipe, classes, At("in"), skipMismatched: false);
        Assert.Equal((tensors, 0, 0), (report.Loaded.Count, report.Missing.Count, report.Unexpected.Count));
        var errors = Verifier.Verify(definition, At("in"), Fixture.Read(Fixtures.Path($"small/{fixture}.safetensors")), null);
        Assert.Equal(outputs, errors.Select(e => e.Name));
        Assert.All(errors, e => Assert.InRange(e.Relative, 0, Tolerance));
        // What was written says what it is of.
        var told = RecipeFile.Read(TensorFile.Read(At("in")).Metadata["hwaso.recipe"], "in").Model;
        Assert.Equal((recipe.Family, classes, Zoo.Define(recipe)), (told.Family, told.Classes, Zoo.Define(told)));
    }

    [Theory]
    [InlineData("hrnet-w32-pose", 17)]
    [InlineData("hrnet-w18-small-v1-cls+psa-p", 1000)]
    [InlineData("hrnetv2-w18-small-v1-ocr+psa-s", 19)]
    [InlineData("hrnetv2p-w18-small-v1+se", 0)]
    public void A_form_is_verified_by_formula_at_its_own_number_of_classes(string name, int classes)
    {
        var definition = Zoo.Find(name);
        Assert.Equal(classes, definition.PublishedClasses);
        // Its own answers, recorded: that the verifier compares them and counts the classes itself.
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = definition.Build(weights, classes);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        net.Eval();
        var input = FormulaWeights.Fill("input", [1, 3, 64, 64]);
        var output = net.Call(Tensor.From(input)).ToHost();
        SafeTensors.Write(At("own"), [new("input", input), new("output", output)], new Dictionary<string, string>());
        Assert.InRange(Assert.Single(Verifier.Verify(definition, Verifier.Formula, Fixture.Read(At("own")), null)).Relative, 0, Tolerance);
    }

    [Fact]
    public void ImageNet_weights_go_into_every_form_and_what_is_missing_or_left_out_is_told()
    {
        var file = Save("  family: hrnet-cls\n", 7);
        var segmentation = Import(file, "  family: hrnetv2\n", 5);
        Assert.Equal(["last_layer"], Roots(segmentation.Missing));
        Assert.Equal(["incre_modules", "downsamp_modules", "final_layer", "classifier"], Roots(segmentation.Unexpected));
        var ocr = Import(file, "  family: hrnetv2-ocr\n", 5);
        Assert.Equal(["conv3x3_ocr", "ocr_distri_head", "cls_head", "aux_head"], Roots(ocr.Missing));
        // The pose network's last module fuses into the finest branch alone; its final_layer is a convolution without index.
        var pose = Import(file, "  family: hrnet-pose\n", 17);
        Assert.Equal(["final_layer.weight", "final_layer.bias"], pose.Missing);
        Assert.Equal(["stage4", "incre_modules", "downsamp_modules", "final_layer", "classifier"], Roots(pose.Unexpected));
        // The authors' detectors keep the body under a name.
        var pyramid = Import(file, "  family: hrnetv2p\n", 7);
        Assert.Equal(["neck"], Roots(pyramid.Missing));
        Assert.Equal(Roots(segmentation.Unexpected), Roots(pyramid.Unexpected));
        var attention = Import(file, "  family: hrnetv2\n  attention: psa-p\n", 5);
        Assert.All(attention.Missing, key => Assert.True(
            key.Contains(".deattn.", StringComparison.Ordinal) || key.StartsWith("last_layer.", StringComparison.Ordinal), key));
        Assert.Empty(Import(file, "  family: hrnet-cls\n", 7).Missing);
    }

    [Fact]
    public void The_official_ImageNet_file_has_all_of_a_pose_network_but_its_head()
    {
        // Names from the official codes: the body's are HRNetV2's, of W48 as of W32, and the classifier's those of cls_hrnet.py.
        string[] head = ["incre_modules.0.0.conv1.weight", "downsamp_modules.0.0.weight", "final_layer.0.weight", "classifier.weight"];
        var file = Keys("hrnetv2_w48.keys.json").Where(k => !k.StartsWith("last_layer.", StringComparison.Ordinal)).Concat(head)
            .ToDictionary(k => k, _ => HostTensor.Of([0L]));
        var match = StateDict.Match(file, Keys("hrnet_pose_w32.keys.json"));
        Assert.Equal(["final_layer.weight", "final_layer.bias"], match.Missing);
        // The pose network's last module has an output of the finest branch alone.
        Assert.All(match.Unexpected.Except(head), k => Assert.Matches(@"^stage4\.2\.fuse_layers\.[123]\.", k));
        Assert.Equal(file.Count, match.Loaded.Count + match.Unexpected.Count);

        static string[] Keys(string name) => [.. JsonNode.Parse(File.ReadAllText(Fixtures.Path($"formula/{name}")))!["state_dict"]!
            .AsObject().Select(k => k.Key)];
    }

    [Fact]
    public void A_plain_last_layer_becomes_the_auxiliary_head()
    {
        var report = Import(Save("  family: hrnetv2\n", 5), "  family: hrnetv2-ocr\n", 5);
        Assert.Equal(["conv3x3_ocr", "ocr_distri_head", "cls_head"], Roots(report.Missing));
        Assert.Empty(report.Unexpected);
        var before = TensorFile.Read(At("hrnetv2")).Tensors["last_layer.0.weight"].ToFloats();
        Assert.Equal(before, TensorFile.Read(At("target")).Tensors["aux_head.0.weight"].ToFloats());
    }

    [Fact]
    public void A_checkpoint_of_another_width_says_which_tensor_differs_and_how()
    {
        var file = Save("  family: hrnet-pose\n", 17);
        var message = Assert.Throws<CheckpointException>(() => Importer.Import(
            file, Zoo.Find("hrnet-w18-small-v2-pose"), new ModelRecipe { Name = "hrnet-w18-small-v2-pose" }, 17, At("x"), false)).Message;
        Assert.Contains("transition1.0.0.weight: has shape [8, 256, 3, 3], the network wants [18, 256, 3, 3], and ", message,
            StringComparison.Ordinal);
        Assert.Contains("more tensors differ; is the checkpoint of another width?", message, StringComparison.Ordinal);
        message = Assert.Throws<CheckpointException>(() => Import(file, "  family: hrnet-pose\n", 16)).Message;
        Assert.Contains("final_layer.weight: has shape [17, 8, 1, 1], the network wants [16, 8, 1, 1]: the checkpoint is for 17 classes, "
            + "16 were asked for", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  family: hrnet-pose\n  align_corners: true\n", "model.align_corners: does not belong to hrnet-pose")]
    [InlineData("  family: hrnet-cls\n  final_kernel: 1\n", "model.final_kernel: does not belong to hrnet-cls")]
    [InlineData("  family: hrnetv2\n  ocr: {channels: 32}\n", "model.ocr: does not belong to hrnetv2")]
    [InlineData("  family: hrnetv2-ocr\n  ocr: {dropout: 2}\n", "model.ocr.dropout")]
    [InlineData("  family: hrnetv2-ocr\n  ocr: {key_channels: 0}\n", "model.ocr.key_channels")]
    public void A_key_of_another_form_is_refused_with_its_place(string head, string message) =>
        Assert.Contains(message, Assert.Throws<RecipeException>(() => Zoo.Define(Read(head))).Message, StringComparison.Ordinal);

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static ModelRecipe Read(string head) => RecipeFile.Read($"model:\n{head}{Stages}", "form.yaml").Model;

    static IEnumerable<string> Roots(IEnumerable<string> keys) => keys.Select(k => k.Split('.')[0]).Distinct();

    LoadReport Import(string source, string head, int classes) =>
        Importer.Import(source, Zoo.Define(Read(head)), Read(head), classes, At("target"), skipMismatched: false);

    string Save(string head, int classes)
    {
        using var weights = Weights.Create();
        var recipe = Read(head);
        Zoo.Define(recipe).Build(weights, classes);
        WeightFile.Save(At(recipe.Family!), weights, new Dictionary<string, string>());
        return At(recipe.Family!);
    }

    string At(string name) => Path.Combine(folder, name);
}
