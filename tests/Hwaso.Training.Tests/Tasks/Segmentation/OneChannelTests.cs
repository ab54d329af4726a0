using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>A network of one output channel from two-class scenes to the deployed file.</summary>
public sealed class OneChannelTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    const string Folder = "data={layout: folder}", Binary = "loss={name: binary_cross_entropy}";

    readonly string data = RoadsOf(scenes.Root);
    readonly SmallRuns runs = new(scenes.Root);

    [Theory]
    [InlineData("model.classes=1")]
    [InlineData("loss={name: binary_cross_entropy, positive_weight: 2}")]
    [InlineData("loss={name: dice}", "model.classes=1")]
    public void It_learns_stops_and_resumes_with_the_same_bits(params string[] settings)
    {
        Train("whole", null, false, settings);
        Train("broken", 4, false, settings);
        Train("broken", null, true, settings);
        Assert.Equal(runs.Bits("whole"), runs.Bits("broken"));

        var recipe = Recipe.Load(runs.At("whole").Recipe);
        Assert.Equal((1, 0.5), (recipe.Model.Classes, recipe.Validate.Threshold));
        var isDice = settings[0].Contains("dice", StringComparison.Ordinal);
        Assert.Equal(isDice ? LossKind.Dice : LossKind.BinaryCrossEntropy, recipe.Loss.Kind);
        var weights = TensorFile.Read(runs.At("whole").Last).Tensors;
        Assert.Equal([1L], weights["last_layer.3.bias"].Shape);
    }

    [Fact]
    public void It_learns_and_every_engine_labels_by_its_threshold()
    {
        Train("roads", null, false, "train.epochs=12", "validate.every=4", "train.optimizer={name: adamw, learning_rate: 0.005}",
            $"model={{family: unet-resnet, {SmallRuns.Tiny}, bn_momentum: 0.3}}",
            "augment={crop: [64, 128], scale_min: 1, scale_max: 1}", Binary, "validate.threshold=0.3");
        // Without seeing anything, all of one class, mIoU is below ½: the other class has IoU 0. The best weights are deployed.
        var miou = runs.Log("roads").Validations.Max(v => v.Fields["miou"]!.GetValue<double>());
        Assert.True(miou > 0.6, $"mIoU {miou}");

        var (source, image) = (runs.At("roads").Root, Datasets.Open("folder", data, "val").Read(0).Image);
        using var model = LoadedModel.Open(source, Device.Cpu);
        Assert.Equal((0.3, 2), (model.Threshold, model.ClassCount));
        var probabilities = Probabilities(model, image);
        var file = Path.Combine(source, "roads.onnx");
        Exporter.Write(model, new ExportOptions(), file);
        using var deployed = SegmentationModel.Load(file);
        Assert.Equal((2, 0.3f, OneChannel.Logit),
            (deployed.ClassCount, deployed.Metadata.Threshold, deployed.Metadata.OneChannel));
        Assert.Empty(deployed.Metadata.Assumptions);
        Assert.Equal(["other", "road"], deployed.Classes.Select(c => c.Name));
        AssertAbove(0.3, probabilities, deployed.Segment(image.Pixels, image.Width, image.Height).Labels);
        var labelled = Exporter.Make(model, new ExportOptions(Labels: true));
        using (var labels = SegmentationModel.Load(labelled.Bytes, "labels"))
            AssertAbove(0.3, probabilities, labels.Segment(image.Pixels, image.Width, image.Height).Labels);

        foreach (var asked in new double?[] { null, 0.5, 0.9 })
        {
            var views = new[] { new Views(), new Views { Flip = true }, new Views { Scales = [1, 1] } };
            foreach (var view in views)
                AssertAbove(asked ?? 0.3, view.Flip ? Mirrored(model, image) : probabilities,
                    Labels(source, Engine.Libtorch, asked, view, image));
            AssertAbove(asked ?? 0.3, probabilities, Labels(source, Engine.Runtime, asked, new Views(), image));
            AssertAbove(asked ?? 0.3, probabilities, Labels(file, Engine.Automatic, asked, new Views(), image));
        }
    }

    [Theory]
    [InlineData("model.classes: one output channel tells two classes apart, but", "data={layout: cityscapes}", "model.classes=1")]
    [InlineData("loss.name: one output channel tells two classes apart, but", "data={layout: cityscapes}", Binary)]
    [InlineData("needs a channel for each", $"model={{family: sanet-resnet, {SmallRuns.Tiny}}}", Binary)]
    public void What_does_not_fit_is_refused_before_the_first_step(string words, params string[] settings)
    {
        var root = settings[0].Contains("cityscapes", StringComparison.Ordinal) ? scenes.Root : data;
        string[] all = [Folder, .. settings];
        var error = Assert.Throws<RecipeException>(() => runs.Train("refused", null, false, root, all));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_threshold_is_refused_where_every_class_has_a_channel()
    {
        Train("two", null, false);
        var error = Assert.Throws<ArgumentException>(() => Segmenter.Open(
            runs.At("two").Last, new SegmenterOptions { Threshold = 0.3, Device = Device.Cpu }));
        Assert.Contains("threshold 0.3: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("leave the threshold out", error.Message, StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
        Directory.Delete(data, recursive: true);
    }

    void Train(string name, int? stopAfter, bool resume, params string[] settings)
    {
        string[] all = [Folder, .. settings];
        runs.Train(name, stopAfter, resume, data, all);
    }

    static byte[] Labels(string source, Engine engine, double? threshold, Views views, RgbImage image)
    {
        using var segmenter = Segmenter.Open(source, new SegmenterOptions
        {
            Engine = engine,
            Threshold = threshold,
            Views = views,
            Threads = 1,
            Device = Device.Cpu,
        });
        Assert.Equal(2, segmenter.ClassCount);
        return segmenter.Segment(image).Labels;
    }

    // The network itself, its logit resized to the image, and σ in double precision.
    static double[] Probabilities(LoadedModel model, RgbImage image)
    {
        using var scope = new Scope();
        return Probabilities(Logit(model, model.Normalisation.ToTensor(image, Device.Cpu)), image);
    }

    static double[] Mirrored(LoadedModel model, RgbImage image)
    {
        using var scope = new Scope();
        var x = model.Normalisation.ToTensor(image, Device.Cpu);
        var mean = (Logit(model, x) + Aten.Flip(Logit(model, Aten.Flip(x, [3])), [3])) * 0.5;
        return Probabilities(mean, image);
    }

    static double[] Probabilities(Tensor logit, RgbImage image)
    {
        using var scope = new Scope();
        return [.. logit.ResizeBilinear(image.Height, image.Width).ToArray<float>().Select(z => 1 / (1 + Math.Exp(-z)))];
    }

    static Tensor Logit(LoadedModel model, Tensor x)
    {
        using var off = new NoGrad();
        var y = model.Segmentation.Call(x);
        return y.ResizeBilinear(x.Size(2), x.Size(3), model.Segmentation.AlignCorners);
    }

    // The engines round differently: a pixel within 1e-4 of the threshold may be of either class, and few are.
    static void AssertAbove(double threshold, double[] probabilities, byte[] labels)
    {
        Assert.Equal(probabilities.Length, labels.Length);
        var unsure = 0;
        for (var k = 0; k < labels.Length; k++)
            if (Math.Abs(probabilities[k] - threshold) < 1e-4)
                unsure++;
            else
                Assert.True(labels[k] == (probabilities[k] > threshold ? 1 : 0), $"pixel {k}: {probabilities[k]} is {labels[k]}");
        Assert.True(unsure < labels.Length / 100, $"{unsure} pixels decide nothing");
        Assert.Equal(2, labels.Distinct().Count());
    }

    // The scenes with road against everything else, in a folder of its own.
    static string RoadsOf(string scenes)
    {
        const byte Road = 0;
        var root = Directory.CreateTempSubdirectory("hwaso-roads").FullName;
        File.WriteAllText(Path.Combine(root, "dataset.yaml"),
            "images: images/{split}/*.png\nmasks: masks/{split}/*.png\nclasses: [other, road]\n");
        foreach (var split in new[] { "train", "val" })
        {
            var (images, masks) = (Path.Combine(root, "images", split), Path.Combine(root, "masks", split));
            Directory.CreateDirectory(images);
            Directory.CreateDirectory(masks);
            var dataset = Datasets.Open("cityscapes", scenes, split);
            for (var k = 0; k < dataset.Samples.Count; k++)
            {
                var item = dataset.Read(k);
                var labels = Array.ConvertAll(item.Labels.Labels, l => l == ClassList.Ignore ? l : (byte)(l == Road ? 1 : 0));
                Png.Write(Path.Combine(images, $"{k}.png"), item.Image);
                Png.WriteGray(Path.Combine(masks, $"{k}.png"), new LabelMap(item.Labels.Width, item.Labels.Height, labels));
            }
        }
        return root;
    }
}
