using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Inference.Depth;
using Hwaso.Inference.Networks;
using Hwaso.Metrics;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Tests.Depth;

/// <summary>The depth teacher against the network asked by hand, pixel by pixel.</summary>
public sealed class DepthTeacherTests : TensorTest
{
    // Sums of a few float32 in another order.
    const double Tolerance = 1e-5;

    static readonly DinoDefinition small = Teacher(48);

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-teacher").FullName;

    [Fact]
    public void A_whole_image_has_the_depth_that_the_network_answers() =>
        AssertClose(Asked(Picture(), 0, 0, 40, 52), Told(Picture(), new DepthViews()), Tolerance);

    [Fact]
    public void Mirrored_too_it_is_the_mean_of_both_answers()
    {
        var image = Picture();
        var (straight, back) = (Asked(image, 0, 0, 40, 52), Asked(Mirrored(image), 0, 0, 40, 52));
        var wanted = straight.Select((value, k) => (value + back[k / 52 * 52 + 51 - k % 52]) / 2).ToArray();
        AssertClose(wanted, Told(image, new DepthViews(Flip: true)), Tolerance);
        Assert.NotEqual(straight, wanted);
    }

    [Theory]
    [InlineData(28, 28, null, null)] // every 18: two rows and three columns of tiles
    [InlineData(28, 28, 12, 24)]
    [InlineData(40, 30, null, null)] // as high as the image
    public void Tiles_are_blended_by_how_far_a_pixel_is_from_their_edges(int height, int width, int? down, int? across)
    {
        var image = Picture();
        var (sums, weights) = (new double[40 * 52], new double[40 * 52]);
        foreach (var top in Starts(40, height, down ?? height * 2 / 3))
            foreach (var left in Starts(52, width, across ?? width * 2 / 3))
            {
                var tile = Asked(image, top, left, height, width);
                for (var y = 0; y < height; y++)
                    for (var x = 0; x < width; x++)
                    {
                        double weight = Math.Min(y + 1, height - y) * Math.Min(x + 1, width - x);
                        sums[(top + y) * 52 + left + x] += weight * tile[y * width + x];
                        weights[(top + y) * 52 + left + x] += weight;
                    }
            }
        var views = new DepthViews(new SizePx(height, width), down is null ? null : new SizePx(down.Value, across!.Value));
        AssertClose([.. sums.Zip(weights, (sum, weight) => (float)(sum / weight))], Told(image, views), Tolerance);
    }

    [Fact]
    public void Tiles_that_hold_the_image_are_the_whole_image() =>
        Assert.Equal(Told(Picture(), new DepthViews()), Told(Picture(), new DepthViews(new SizePx(70, 70))));

    [Fact]
    public void Backbone_and_head_come_from_two_files_or_one_and_are_known_by_their_numbers()
    {
        var (both, backbone, head, other) = (At("both"), At("backbone"), At("head"), At("other"));
        using (var weights = Weights.Create())
        {
            small.Build(weights, 0);
            ByRule(weights);
            var tensors = weights.State.Select(s => KeyValuePair.Create(s.Key, s.Value.ToHost())).ToArray();
            SafeTensors.Write(both, tensors);
            SafeTensors.Write(backbone, tensors.Where(t => t.Key.StartsWith("backbone.", StringComparison.Ordinal))
                .Select(t => KeyValuePair.Create(t.Key["backbone.".Length..], t.Value)));
            SafeTensors.Write(head, tensors.Where(t => t.Key.StartsWith("decode_head.", StringComparison.Ordinal)));
            SafeTensors.Write(other, tensors.Select(
                t => t.Key == "decode_head.conv_depth.bias" ? KeyValuePair.Create(t.Key, FormulaWeights.Fill("another.bias", 256)) : t));
        }
        using var one = Open([both]);
        using var two = Open([backbone, head]);
        using var third = Open([other]);
        using var mirrored = DepthTeacher.Open(small, [both], new DepthViews(Flip: true), Device.Cpu);
        Assert.Equal(one.Identity, two.Identity);
        Assert.Equal(4, new[] { one.Identity, third.Identity, mirrored.Identity, "" }.Distinct().Count());
        Assert.Equal(one.Depth(Picture()).Values, two.Depth(Picture()).Values);

        // The head is not there; the backbone is there twice.
        Assert.Matches("backbone: decode_head.conv_depth.weight: is missing, and 1 more .* give both, each with --weights",
            Assert.Throws<CheckpointException>(() => Open([backbone])).Message);
        Assert.Contains("is in an earlier file too", Assert.Throws<CheckpointException>(() => Open([backbone, head, backbone])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_another_size_is_refused_by_the_tensor_that_does_not_fit()
    {
        using (var weights = Weights.Create())
        {
            Teacher(72).Build(weights, 0);
            WeightFile.Save(At("wide"), weights);
        }
        var error = Assert.Throws<CheckpointException>(() => Open([At("wide")]));
        Assert.Equal("backbone.cls_token", error.Key);
        Assert.Contains("has shape [1, 1, 72], small wants [1, 1, 48]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_s_depth_decoder_tells_metres_by_its_newest_weights()
    {
        // The image's depth, by the network asked by hand, with the bias that puts half of it below 0.
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = (UNetMultiDecoder)Zoo.DefineSegmentation(Recipe.Load(RunOf("family: unet-resnet-multidecoder",
            "depth: Depth").Recipe).Model).Build(weights, 5);
        ByRule(weights);
        net.Eval();
        var answer = net.Outputs(Normalised(Picture(), 0, 0, 40, 52))[0].Contiguous().ToArray<float>();
        var middle = answer.Order().ElementAt(answer.Length / 2);
        // Of what it answers as 1, 40 m; below 0 it is near.
        var wanted = answer.Select(v => Math.Max(40 * (v - middle), 0.001f)).ToArray();

        var run = RunOf("family: unet-resnet-multidecoder", "depth: Depth, depth_unit: 40", -middle);
        using var teacher = DepthTeacher.OfRun(run, new DepthViews(), Device.Cpu);
        AssertClose(wanted, teacher.Depth(Picture()).Values, Tolerance);
        Assert.InRange(wanted.Max(), 0.1f, 1000);
        using var mirrored = DepthTeacher.OfRun(run, new DepthViews(Flip: true), Device.Cpu);
        Assert.NotEqual(teacher.Identity, mirrored.Identity);
    }

    [Theory]
    [InlineData("family: unet-resnet", "cache_mb: 0", "run: its network has no depth decoder; a run of one that has was wanted")]
    [InlineData("family: unet-resnet-multidecoder", "depth: disparity", "run: its depth decoder learned disparity, no metres")]
    public void A_run_that_learned_no_metres_is_refused(string model, string data, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(
            () => DepthTeacher.OfRun(RunOf(model, data), new DepthViews(), Device.Cpu)).Message, StringComparison.Ordinal);

    [Fact]
    public void Depth_is_held_to_the_truth_where_both_are()
    {
        var error = new DepthError()
            .With(new DepthMap(3, 1, [5, 8, float.NaN]), new DepthMap(3, 1, [4, 10, 7]))
            .With(new DepthMap(2, 1, [30, 1]), new DepthMap(2, 1, [20, float.NaN]));
        // 1/4, 2/10 and 10/20 off; δ is 1.25, 1.25 and 1.5, none of them below 1.25; then one that is.
        Assert.Equal((3, (0.25 + 0.2 + 0.5) / 3, 0.0), (error.Pixels, error.MeanRelative, error.ShareNear));
        Assert.Equal(0.25, error.With(new DepthMap(1, 1, [12]), new DepthMap(1, 1, [10])).ShareNear);
        Assert.Throws<ArgumentException>(() => error.With(new DepthMap(1, 2, [1, 1]), new DepthMap(2, 1, [1, 1])));
    }

    [Fact]
    public void A_transformer_without_a_head_tells_no_depth() =>
        Assert.Contains("-depth-linear", Assert.Throws<ArgumentException>(() =>
            DepthTeacher.Open(small with { Head = null }, ["formula"], new DepthViews(), Device.Cpu)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(20, 20, 30, 20)]
    [InlineData(20, 20, 20, 0)]
    public void Steps_that_skip_pixels_are_refused(int height, int width, int down, int across) =>
        Assert.Throws<ArgumentException>(() => new DepthViews(new SizePx(height, width), new SizePx(down, across)).Check());

    [Fact]
    public void A_store_knows_its_own_whole_files_and_no_others()
    {
        var store = new DepthStore(folder, "teacher A");
        var image = At("image.png");
        Png.Write(image, Picture());
        Assert.False(store.Has("depth", image));
        var map = new DepthMap(52, 40, [.. Enumerable.Range(1, 52 * 40).Select(k => k / 100f)]);
        store.Write("depth", map);
        Assert.True(store.Has("depth", image));
        // Half the scale is the largest error of 16 bits.
        Assert.Equal(map.Values[777], DepthPng.Read(store.PathOf("depth")).Values[777], 20.8 / 65535 / 2 + 1e-6);

        var whole = File.ReadAllBytes(store.PathOf("depth"));
        File.WriteAllBytes(store.PathOf("depth"), whole[..^20]);
        Assert.False(store.Has("depth", image));
        store.Write("depth", new DepthMap(40, 52, map.Values));
        Assert.False(store.Has("depth", image));

        var error = Assert.Throws<ArgumentException>(() => new DepthStore(folder, "teacher B").Has("depth", image));
        Assert.Contains("by another teacher (teacher A; this one is teacher B)", error.Message, StringComparison.Ordinal);
        Assert.False(new DepthStore(folder, "teacher B", overwrite: true).Has("depth", image));
        Assert.Contains("is no depth map", Assert.Throws<ArgumentException>(() => store.Has("image", image)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_sweeps_what_killed_writers_left_and_nothing_else()
    {
        string[] names = [$"a.png.{Guid.NewGuid():N}.tmp", $"b.png.{Guid.NewGuid():N}.tmp", "notes.tmp", "c.png.mine.tmp"];
        foreach (var name in names)
        {
            File.WriteAllText(At(name), "");
            File.SetLastWriteTimeUtc(At(name), DateTime.UtcNow.AddHours(-2));
        }
        // Another writer, perhaps on another machine, is still at work on this one.
        File.SetLastWriteTimeUtc(At(names[1]), DateTime.UtcNow.AddMinutes(-5));
        new DepthStore(folder, "teacher A").Sweep();
        Assert.Equal(names.Skip(1).Order(), Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static DinoDefinition Teacher(int width) => new()
    {
        Name = "small",
        Description = "a small teacher",
        Config = new DinoConfig { Width = width, Depth = 2, Heads = 4, ImagePx = 42 },
        Head = new LinearDepthHead(),
    };

    /// <summary>A run whose newest weights are the rule's, the depth head's bias so much above it.</summary>
    RunFolder RunOf(string model, string data, float deeper = 0)
    {
        var run = new RunFolder(At("run"));
        Directory.CreateDirectory(run.Checkpoints);
        File.WriteAllText(run.Recipe, $$"""
            model:
              {{model}}
              classes: 5
              resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [8, 8, 16, 16], stem_channels: 8}
              unet: {channels: [16, 16, 8, 8, 8]}
            data: {layout: voc, {{data}}}
            augment: {crop: [32, 64]}
            train: {epochs: 1, batch: 1, optimizer: {learning_rate: 0.1} }
            """);
        using var weights = Weights.Create(initialise: false);
        Zoo.DefineSegmentation(Recipe.Load(run.Recipe).Model).Build(weights, 5);
        ByRule(weights);
        HostTensor Stored(string key, Tensor tensor) => key == "depth_head.0.bias"
            ? HostTensor.Of(new[] { tensor.ToHost().ToFloats()[0] + deeper }, 1)
            : tensor.ToHost();
        SafeTensors.Write(
            run.Last, weights.State.Select(s => KeyValuePair.Create(s.Key, Stored(s.Key, s.Value))),
            new Dictionary<string, string> { [CheckpointMetadata.Recipe] = File.ReadAllText(run.Recipe) });
        return run;
    }

    static DepthTeacher Open(string[] files) => DepthTeacher.Open(small, files, new DepthViews(), Device.Cpu);

    string At(string name) => Path.Combine(folder, name);

    static float[] Told(RgbImage image, DepthViews views)
    {
        using var teacher = DepthTeacher.Open(small, ["formula"], views, Device.Cpu);
        var map = teacher.Depth(image);
        Assert.Equal((image.Width, image.Height), (map.Width, map.Height));
        return map.Values;
    }

    /// <summary>The network's own answer to a part of an image.</summary>
    static float[] Asked(RgbImage image, int top, int left, int height, int width)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = (DinoDepth)small.Build(weights, 0);
        ByRule(weights);
        net.Eval();
        return net.Call(Normalised(image, top, left, height, width)).Contiguous().ToArray<float>();
    }

    /// <summary>A part of an image, normalised here by hand.</summary>
    static Tensor Normalised(RgbImage image, int top, int left, int height, int width)
    {
        double[] mean = [123.675, 116.28, 103.53], deviation = [58.395, 57.12, 57.375];
        var values = new float[3 * height * width];
        for (var k = 0; k < values.Length; k++)
        {
            var (c, y, x) = (k / (height * width), k / width % height, k % width);
            values[k] = (float)((image.Pixels[((top + y) * image.Width + left + x) * 3 + c] - mean[c]) / deviation[c]);
        }
        return Tensor.From(values, 1, 3, height, width);
    }

    static void ByRule(Weights weights)
    {
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
    }

    static IEnumerable<int> Starts(int length, int window, int step)
    {
        var at = 0;
        for (; at + window < length; at += step) yield return at;
        yield return length - window;
    }

    static RgbImage Picture()
    {
        var image = new RgbImage(52, 40);
        for (var k = 0; k < image.Pixels.Length; k++)
            image.Pixels[k] = (byte)(k * 31 % 251 ^ k / 156);
        return image;
    }

    static RgbImage Mirrored(RgbImage image)
    {
        var mirrored = new RgbImage(image.Width, image.Height);
        for (var k = 0; k < image.Pixels.Length; k++)
            mirrored.Pixels[k] = image.Pixels[(k / 3 / image.Width * image.Width + image.Width - 1 - k / 3 % image.Width) * 3 + k % 3];
        return mirrored;
    }
}
