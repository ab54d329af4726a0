using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Scenes;
using Hwaso.Tests;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Files that are damaged before or while a run reads them: it names them, and loses nothing that was trained.</summary>
public sealed class DamagedFileTests : TensorTest
{
    readonly string data = Directory.CreateTempSubdirectory("hwaso-damaged").FullName;
    readonly SmallRuns runs;

    public DamagedFileTests()
    {
        SceneSet.Write(data, SceneLayout.Cityscapes, count: 12, width: 128, height: 64, seed: 5, val: 4);
        runs = new SmallRuns(data);
    }

    [Fact]
    public void A_run_that_fails_before_its_first_step_leaves_no_folder_and_can_begin_again()
    {
        var bad = Images("train").Select(path => (path, File.ReadAllBytes(path))).ToArray();
        foreach (var (path, bytes) in bad)
            File.WriteAllBytes(path, InTheMiddle(bytes));
        Assert.Throws<ImageFormatException>(() => runs.Train("early"));
        Assert.False(Directory.Exists(runs.At("early").Root));
        foreach (var (path, bytes) in bad)
            File.WriteAllBytes(path, bytes);
        Assert.True(runs.Train("early").Finished);
    }

    [Fact]
    public void Every_file_is_opened_before_the_first_step_and_the_bad_ones_of_training_end_the_run()
    {
        var images = Images("train");
        File.WriteAllBytes(images[2], File.ReadAllBytes(images[2])[..200]);
        File.WriteAllBytes(images[5], []);
        Png.Write(images[7], new RgbImage(64, 32));
        var error = Assert.Throws<DatasetException>(() => runs.Train("checked"));
        Assert.All((int[])[2, 5], k => Assert.Contains(images[k], error.Message, StringComparison.Ordinal));
        Assert.Contains($"is 128×64, its image {images[7]} is 64×32; they must be of one size", error.Message, StringComparison.Ordinal);
        Assert.Contains("Cityscapes train cannot be trained with them; hwaso dataset check lists everything", error.Message,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(runs.At("checked").Root));
    }

    [Fact]
    public void A_training_image_that_goes_bad_in_the_middle_costs_no_step_that_was_done()
    {
        runs.Train("whole", settings: "train.epochs=8");
        var images = Images("train").Select(path => (path, File.ReadAllBytes(path))).ToArray();
        var error = Assert.Throws<ImageFormatException>(() => runs.Train("hurt", null, false, data, ["train.epochs=8"], each: step =>
        {
            if (step == 4)
                foreach (var (path, bytes) in images)
                    File.WriteAllBytes(path, InTheMiddle(bytes));
        }));
        Assert.Contains(images[0].path[..^30], error.Message, StringComparison.Ordinal);
        var log = File.ReadAllText(runs.At("hurt").Log);
        var saved = int.Parse(log.Split("saved after step ")[1].Split(':')[0]);
        Assert.Equal(runs.Log("hurt").LastIteration, saved);
        foreach (var (path, bytes) in images)
            File.WriteAllBytes(path, bytes);
        Assert.True(runs.Train("hurt", resume: true, settings: "train.epochs=8").Finished);
        Assert.Equal(runs.Bits("whole"), runs.Bits("hurt"));
    }

    [Fact]
    public void A_damaged_validation_image_is_named_and_left_out_and_the_run_and_its_report_go_to_the_end()
    {
        var victim = Images("val")[1];
        File.WriteAllBytes(victim, InTheMiddle(File.ReadAllBytes(victim)));
        Assert.True(runs.Reported("left-out").Finished);
        Assert.NotNull(runs.Log("left-out").Validations[^1].Fields["miou"]);
        // Two validations say so, and the report once.
        Assert.Equal(3, File.ReadAllText(runs.At("left-out").Log).Split("; the validation left this image out").Length);
        Assert.Contains(Path.GetFileName(victim), File.ReadAllText(runs.At("left-out").Report), StringComparison.Ordinal);
        Assert.True(File.Exists(runs.At("left-out").Result));
    }

    [Fact]
    public void A_small_validation_image_is_padded_as_in_training()
    {
        foreach (var image in Images("val"))
        {
            // 20 pixels are fewer than the network's stride of 32.
            Png.Write(image, new RgbImage(40, 20));
            foreach (var kind in new[] { "labelIds", "labelTrainIds", "instanceIds" })
            {
                var label = image.Replace("leftImg8bit", "gtFine", StringComparison.Ordinal).Replace("_gtFine.png", $"_gtFine_{kind}.png",
                    StringComparison.Ordinal);
                if (File.Exists(label))
                    Png.WriteGray(label, new LabelMap(40, 20, [.. Enumerable.Repeat((byte)(kind == "labelIds" ? 7 : 0), 40 * 20)]));
            }
        }
        Assert.True(runs.Reported("small").Finished);
        Assert.DoesNotContain("left this image out", File.ReadAllText(runs.At("small").Log), StringComparison.Ordinal);
        var counts = runs.Log("small").Validations[^1].Fields["confusion"]!.AsArray().Sum(n => n!.GetValue<long>());
        Assert.Equal(4 * 40 * 20, counts);
    }

    [Fact]
    public void Nothing_labelled_gives_no_score_no_best_weights_and_a_warning()
    {
        foreach (var label in Directory.EnumerateFiles(data, "*_gtFine_label*.png", SearchOption.AllDirectories))
            Png.WriteGray(label, new LabelMap(128, 64, [.. Enumerable.Repeat((byte)255, 128 * 64)]));
        var result = runs.Reported("blank");
        Assert.True(result.Finished);
        Assert.Null(result.Best);
        Assert.All(runs.Losses("blank"), loss => Assert.Equal(0, loss));
        Assert.Null(runs.Log("blank").Validations[^1].Fields["miou"]);
        Assert.False(File.Exists(runs.At("blank").Best));
        Assert.True(File.Exists(runs.At("blank").Last));
        var log = File.ReadAllText(runs.At("blank").Log);
        Assert.Contains("epoch 2/2: mIoU –, pixel accuracy –\n", log, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("not one pixel of Cityscapes val that could be read is labelled", log, StringComparison.Ordinal);
        Assert.DoesNotContain("best so far", log, StringComparison.Ordinal);
        Assert.Empty(RunSummary.Read(runs.At("blank").Result).Scores);
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
        Directory.Delete(data, recursive: true);
    }

    string[] Images(string split) =>
        [.. Directory.EnumerateFiles(Path.Combine(data, "leftImg8bit", split), "*.png", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)];

    // A checksum guards the compressed pixels; header and end are whole.
    static byte[] InTheMiddle(byte[] bytes)
    {
        byte[] changed = [.. bytes];
        changed[changed.Length / 2] ^= 0x55;
        return changed;
    }
}
