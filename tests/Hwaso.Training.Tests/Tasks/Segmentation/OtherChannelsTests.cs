using System.Buffers.Binary;
using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Data.Checking;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>Images of four channels of 16 bits, whose classes only the fourth shows, from data to the exported network.</summary>
public sealed class OtherChannelsTests : TensorTest
{
    const int Height = 48, Width = 64, Channels = 4;
    const string Network = $"model={{family: unet-resnet, {SmallRuns.Tiny}, bn_momentum: 0.3, in_channels: 4}}";

    static readonly string[] settings =
    [
        "data={layout: folder}", "augment={crop: [48, 64], scale_min: 1, scale_max: 1}", "train.epochs=8", "validate.every=8",
        "train.optimizer={name: adamw, learning_rate: 0.01}", "loss={name: cross_entropy}",
    ];

    readonly string data;
    readonly SmallRuns runs;

    public OtherChannelsTests()
    {
        data = DiscsIn(Directory.CreateTempSubdirectory("hwaso-channels").FullName);
        runs = new SmallRuns(data);
    }

    [Fact]
    public void The_fourth_channel_is_learnt_and_every_engine_reads_it()
    {
        Assert.Empty(DatasetCheck.Run("folder", data, ["train"], channels: Channels).Problems);
        Assert.All(DatasetCheck.Run("folder", data, ["train"]).Problems, p => Assert.Contains("model.in_channels: 4", p.Message,
            StringComparison.Ordinal));
        runs.Reported("four", false, [.. settings, Network]);
        // Noise in three channels says nothing: without the fourth, all of one class, mIoU is below ½.
        var miou = runs.Log("four").Validations[^1].Fields["miou"]!.GetValue<double>();
        Assert.True(miou > 0.8, $"mIoU {miou}");

        var (run, item) = (runs.At("four"), Datasets.Open("folder", data, "val").Read(0, Channels));
        Assert.Equal(Channels, Recipe.Load(run.Recipe).Model.InChannels);
        Assert.Equal([0.5, 0.5, 0.5, 0.5], Recipe.Load(run.Recipe).Augment.Mean);
        using var torch = Segmenter.Open(run.Root, new SegmenterOptions { Engine = Engine.Libtorch, Device = Device.Cpu });
        using var managed = Segmenter.Open(run.Root, new SegmenterOptions { Engine = Engine.Runtime, Device = Device.Cpu });
        var labels = torch.Segment(item.Pixels).Labels;
        AssertAlike(labels, managed.Segment(item.Pixels).Labels);
        Assert.Equal(item.Pixels.Words, torch.Read(item.Sample.ImagePath).Words);

        using var model = LoadedModel.Open(run.Root, Device.Cpu);
        using var deployed = SegmentationModel.Load(Exporter.Make(model, new ExportOptions()).Bytes, "four");
        Assert.Equal((Channels, false), (deployed.Channels, deployed.TakesColours));
        Assert.Empty(deployed.Metadata.Assumptions);
        AssertAlike(labels, deployed.SegmentDeep(item.Pixels.Words, Width, Height).Labels);
        // Of 8 bits, each value loses at most a 510th.
        AssertAlike(labels, deployed.Segment(Array.ConvertAll(item.Pixels.Words!, v => (byte)(v / 257)), Width, Height).Labels);
        var error = Assert.Throws<ArgumentException>(() => deployed.Segment(item.Image.Pixels, Width, Height));
        Assert.Equal("an image of 3 channels; the network takes images of 4", error.Message);
        Assert.Throws<ArgumentException>(() => torch.Segment(item.Image));
    }

    [Fact]
    public void Files_of_other_channels_are_named_before_the_first_step()
    {
        Write(Path.Combine(data, "images", "train", "3.tif"), new ushort[Width * Height * 5], 5);
        var error = Assert.Throws<DatasetException>(() => runs.Train("five", null, false, [.. settings, Network]));
        Assert.Contains("3.tif: has 5 channels a pixel, 4 were wanted", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hrnet-w32-pose", "model.in_channels: 4 does not fit hrnet-w32-pose")]
    [InlineData("resnet50", "model.in_channels: 4 does not fit resnet50")]
    public void Networks_for_other_tasks_take_colours_alone(string name, string words)
    {
        var recipe = RecipeFile.Read(SmallRuns.Recipe, "small.yaml", [$"model={{name: {name}, in_channels: 4}}"]);
        var error = Assert.Throws<RecipeException>(() => Models.Networks.Zoo.Define(recipe.Model));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_for_colours_are_adapted_by_the_rule_that_the_recipe_names()
    {
        var first = "encoder.conv1.weight";
        var colours = Path.Combine(data, "colours.safetensors");
        var values = Enumerable.Range(0, 8 * 3 * 49).Select(k => k % 31 - 15f).ToArray();
        SafeTensors.Write(colours, [KeyValuePair.Create(first, HostTensor.Of(values, 8, 3, 7, 7))]);
        string[] once = [.. settings, "train={iterations: 1, batch: 4, optimizer: {name: sgd, learning_rate: 1.0e-30}}", "validate.every=0",
            Network, $"model.pretrained={colours}"];

        var error = Assert.Throws<RecipeException>(() => runs.Train("same", null, false, once));
        Assert.Contains($"{first}: has shape [8, 3, 7, 7], the network wants [8, 4, 7, 7]: the checkpoint is for colours", error.Message,
            StringComparison.Ordinal);
        float At(int filter, int colour, int tap) => values[(filter * 3 + colour) * 49 + tap];
        foreach (var rule in new[] { "mean", "repeat" })
        {
            runs.Train(rule, null, false, [.. once, $"model.first_convolution={rule}"]);
            var adapted = TensorFile.Read(runs.At(rule).Last).Tensors[first].ToFloats();
            for (var k = 0; k < adapted.Length; k++)
            {
                var (filter, channel, tap) = (k / 49 / 4, k / 49 % 4, k % 49);
                var wanted = rule == "repeat" ? At(filter, channel % 3, tap) * 3 / 4
                    : (At(filter, 0, tap) + At(filter, 1, tap) + At(filter, 2, tap)) / 4;
                // The one step moves a weight by less: its rate is 1e-30.
                Assert.Equal(wanted, adapted[k], 1e-20);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
        Directory.Delete(data, recursive: true);
    }

    // The engines round differently; few pixels are so near to both classes.
    static void AssertAlike(byte[] expected, byte[] labels)
    {
        Assert.Equal(2, expected.Distinct().Count());
        var different = expected.Zip(labels).Count(p => p.First != p.Second);
        Assert.True(different < expected.Length / 100, $"{different} of {expected.Length} pixels differ");
    }

    static string DiscsIn(string root)
    {
        var random = new Random(3);
        File.WriteAllText(Path.Combine(root, "dataset.yaml"),
            "images: images/{split}/*.tif\nmasks: masks/{split}/*.png\nclasses: [ground, disc]\n");
        foreach (var (split, count) in new[] { ("train", 12), ("val", 2) })
        {
            Directory.CreateDirectory(Path.Combine(root, "images", split));
            Directory.CreateDirectory(Path.Combine(root, "masks", split));
            for (var k = 0; k < count; k++)
            {
                var (labels, values) = (new LabelMap(Width, Height), new ushort[Width * Height * Channels]);
                var (cx, cy) = (random.Next(Width), random.Next(Height));
                for (var p = 0; p < labels.Labels.Length; p++)
                {
                    var (dx, dy) = (p % Width - cx, p / Width - cy);
                    labels.Labels[p] = (byte)(dx * dx + dy * dy < 400 ? 1 : 0);
                    for (var c = 0; c < Channels; c++)
                        values[p * Channels + c] = (ushort)(c < 3 ? random.Next(65536) : labels.Labels[p] == 1 ? 52000 : 13000);
                }
                Write(Path.Combine(root, "images", split, $"{split}-{k}.tif"), values, Channels);
                Png.WriteGray(Path.Combine(root, "masks", split, $"{split}-{k}.png"), labels);
            }
        }
        File.Move(Path.Combine(root, "images", "train", "train-3.tif"), Path.Combine(root, "images", "train", "3.tif"));
        File.Move(Path.Combine(root, "masks", "train", "train-3.png"), Path.Combine(root, "masks", "train", "3.png"));
        return root;
    }

    // TIFF, revision 6.0: header, one strip, a directory of entries (tag, type, count, value).
    static void Write(string path, ushort[] values, int channels)
    {
        var bytes = values.Length * 2;
        (ushort Tag, ushort Type, uint Count, uint Value)[] entries =
        [
            (256, 3, 1, Width), (257, 3, 1, Height), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
            (277, 3, 1, (uint)channels), (278, 3, 1, Height), (279, 4, 1, (uint)bytes),
        ];
        var file = new byte[8 + bytes + 2 + entries.Length * 12 + 4];
        "II*\0"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), 8 + bytes);
        for (var k = 0; k < values.Length; k++)
            BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8 + 2 * k), values[k]);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8 + bytes), (ushort)entries.Length);
        for (var k = 0; k < entries.Length; k++)
        {
            var entry = file.AsSpan(8 + bytes + 2 + k * 12);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, entries[k].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], entries[k].Type);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[k].Count);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], entries[k].Value);
        }
        File.WriteAllBytes(path, file);
    }
}
