using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Metrics.Scoring;

namespace Hwaso.Metrics.Tests.Scoring;

public sealed class LabelPairsTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-pairs").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    string At(string name) => Path.Combine(root, name);

    void Write(params string[] names)
    {
        foreach (var name in names)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
            Png.WriteGray(At(name), new LabelMap(2, 1));
        }
    }

    static void Refused(string message, Action find) =>
        Assert.Contains(message, Assert.Throws<DatasetException>(find).Message, StringComparison.Ordinal);

    [Fact]
    public void Cityscapes_predictions_are_found_by_city_sequence_and_frame_in_any_folder()
    {
        Write(
            "gt/val/ulm/ulm_000000_000019_gtFine_labelIds.png", "gt/val/ulm/ulm_000000_000019_gtFine_instanceIds.png",
            "gt/val/ulm/ulm_000000_000019_gtFine_color.png",
            "gt/val/bad_ems/bad_ems_000001_000020_gtFine_labelIds.png", "out/x/y/ulm_000000_000019-net.png",
            "out/bad_ems_000001_000020.png", "out/ulm_000000_0000190.png");
        var notes = new List<string>();
        var pairs = LabelPairs.Cityscapes(At("out"), At("gt"), notes.Add);

        Assert.Equal(
            [
                new LabelPair("bad_ems_000001_000020", At("out/bad_ems_000001_000020.png"),
                    At("gt/val/bad_ems/bad_ems_000001_000020_gtFine_labelIds.png")),
                new LabelPair("ulm_000000_000019", At("out/x/y/ulm_000000_000019-net.png"),
                    At("gt/val/ulm/ulm_000000_000019_gtFine_labelIds.png"),
                    At("gt/val/ulm/ulm_000000_000019_gtFine_instanceIds.png")),
            ],
            pairs);
        Assert.Equal([$"{At("out")}: 1 PNG has no truth and is not scored"], notes);
    }

    [Fact]
    public void What_does_not_match_is_named()
    {
        Write("gt/ulm_000000_000019_gtFine_labelIds.png", "gt/ulm_000000_000020_gtFine_labelIds.png", "out/ulm_000000_000019_a.png",
            "ids/x_gtFine_labelTrainIds.png", "odd/x_labelIds.png");
        Refused($"{At("out")}: 1 of 2 truths have no prediction in it; the first is {At("gt/ulm_000000_000020_gtFine_labelIds.png")}, for "
            + "which ulm_000000_000020*.png was wanted", () => LabelPairs.Cityscapes(At("out"), At("gt")));
        Write("out/ulm_000000_000020_a.png", "out/ulm_000000_000020_color.png");
        Refused("2 predictions are called ulm_000000_000020*.png", () => LabelPairs.Cityscapes(At("out"), At("gt")));
        Refused("1 PNGs but no *_labelIds.png", () => LabelPairs.Cityscapes(At("out"), At("ids")));
        Refused("does not begin with CITY_SEQUENCE_FRAME", () => LabelPairs.Cityscapes(At("out"), At("odd")));
        Refused($"{At("none")}: no such file or folder", () => LabelPairs.ByName(At("none"), At("gt")));
        Directory.CreateDirectory(At("empty"));
        Refused("no *.png in it or below it", () => LabelPairs.ByName(At("empty"), At("gt")));
        Refused("no file of that pattern", () => LabelPairs.ByName(At("out/*.bmp"), At("gt")));
        Refused("one star was wanted", () => LabelPairs.ByName(At("out/*_*.png"), At("gt")));
    }

    [Fact]
    public void Label_files_of_a_folder_are_png_and_tiff_in_either_case()
    {
        Write("gt/1.PNG", "gt/2.tif", "gt/notes.txt", "gt/photo.jpg", "out/1.png", "out/2.TIFF");
        Assert.Equal([At("out/1.png"), At("out/2.TIFF")], LabelPairs.ByName(At("out"), At("gt")).Select(p => p.Prediction));
        Write("out/2.png");
        Refused($"{At("out/2.png")}: has the name of 2.TIFF; keep one of them", () => LabelPairs.ByName(At("out"), At("gt")));
    }

    [Fact]
    public void Names_are_matched_by_path_and_then_by_the_file_alone()
    {
        Write("gt/a/1.png", "gt/b/1.png", "gt/c/2.png", "out/a/1.png", "out/b/1.png", "out/2.png");
        Assert.Equal(["a/1", "b/1", "c/2"], LabelPairs.ByName(At("out"), At("gt")).Select(p => p.Name));
        Assert.Equal([At("out/a/1.png"), At("out/b/1.png"), At("out/2.png")],
            LabelPairs.ByName(At("out"), At("gt")).Select(p => p.Prediction));
        // 1.png alone could be either of two truths: not guessed.
        File.Move(At("out/b/1.png"), At("out/1.png"));
        Refused("1 of 3 truths have no prediction", () => LabelPairs.ByName(At("out"), At("gt")));
        Write("out/b/1.png", "out/d/2.png");
        Refused("2 predictions have its name", () => LabelPairs.ByName(At("out"), At("gt")));
    }

    [Fact]
    public void Words_that_say_what_a_file_is_need_not_match()
    {
        Write("gt/c5_gt_0.png", "gt/c5_gt_1.png", "gt/street-mask.png", "out/c5_pred_0.png", "out/c5_pred_1.png", "out/street.png");
        Assert.Equal([At("out/c5_pred_0.png"), At("out/c5_pred_1.png"), At("out/street.png")],
            LabelPairs.ByName(At("out"), At("gt")).Select(p => p.Prediction));
        // c5_0 could be either of two truths: not guessed.
        Write("gt/c5_mask_0.png");
        Refused("2 of 4 truths have no prediction", () => LabelPairs.ByName(At("out"), At("gt")));
    }

    [Fact]
    public void A_pattern_or_a_file_is_taken_at_its_word()
    {
        Write("m/c_gt_0.png", "m/c_gt_1.png", "m/c_pred_0.png", "m/c_pred_1.png");
        Assert.Equal([new LabelPair("0", At("m/c_pred_0.png"), At("m/c_gt_0.png")),
            new LabelPair("1", At("m/c_pred_1.png"), At("m/c_gt_1.png"))], LabelPairs.ByName(At("m/c_pred_*.png"), At("m/c_gt_*.png")));
        Assert.Equal([new LabelPair("c_gt_0", At("m/c_pred_1.png"), At("m/c_gt_0.png"))],
            LabelPairs.ByName(At("m/c_pred_1.png"), At("m/c_gt_0.png")));
    }
}
