using Hwaso.Cli.Verbs;
using Hwaso.Data;
using Hwaso.Metrics;
using Hwaso.Metrics.Scoring;
using Hwaso.Recipes;

namespace Hwaso.Cli.Tests;

/// <summary>Every option of the contract reaches the work behind its verb.</summary>
public sealed class VerbArgumentsTests
{
    static T Parse<T>(Func<Func<T, VerbContext, int>, Verb> verb, params string[] args)
        where T : class
    {
        T? got = null;
        var line = CommandLine.Run([verb((arguments, _) => { got = arguments; return 0; })], default, args);
        Assert.Equal("", line.Error);
        return got!;
    }

    [Fact]
    public void Scenes_take_layout_counts_size_and_seed()
    {
        var full = Parse<ScenesArguments>(work => new ScenesVerb(work),
            "scenes", "d", "--layout", "voc", "--count", "9", "--val", "0", "--size", "128x256", "--seed", "7");
        var plain = Parse<ScenesArguments>(work => new ScenesVerb(work), "scenes", "d", "--layout", "cityscapes", "--count", "9");

        Assert.Equal(new ScenesArguments("d", "voc", 9, 0, new SizePx(128, 256), 7), full);
        Assert.Equal(new ScenesArguments("d", "cityscapes", 9, null, new SizePx(256, 512), 1), plain);
    }

    [Fact]
    public void Dataset_check_takes_a_layout_and_dataset_alone_says_what_there_is()
    {
        var got = Parse<DatasetCheckArguments>(work => new DatasetVerb(work, (_, _) => 0), "dataset", "check", "d", "--layout", "voc", "--splits", "trainval,val", "--html", "p.html");
        var plain = Parse<DatasetCheckArguments>(work => new DatasetVerb(work, (_, _) => 0), "dataset", "check", "d", "--layout", "voc");
        var convert = Parse<DatasetConvertArguments>(work => new DatasetVerb((_, _) => 0, work), "dataset", "convert", "voc-aug", "s", "t");
        var alone = CommandLine.Run([new DatasetVerb((_, _) => 0, (_, _) => 0)], default, "dataset");
        var wrong = CommandLine.Run([new DatasetVerb((_, _) => 0, (_, _) => 0)], default, "dataset", "chek", "d");

        Assert.Equal(("d", "voc", "p.html"), (got.Folder, got.Layout, got.Page));
        Assert.Equal((IReadOnlyList<string>)["trainval", "val"], got.Splits);
        Assert.Equal((IReadOnlyList<string>)["train", "val"], plain.Splits);
        Assert.Equal(new DatasetConvertArguments("voc-aug", "s", "t"), convert);
        Assert.Equal((2, "hwaso dataset: wanted: hwaso dataset check or hwaso dataset convert\ntry: hwaso dataset --help\n"), (alone.Code, alone.Error));
        Assert.Equal((2, "hwaso dataset: 'chek': wanted check or convert; did you mean 'check'?\ntry: hwaso dataset --help\n"), (wrong.Code, wrong.Error));
    }

    [Fact]
    public void Train_takes_recipe_data_run_settings_and_resume()
    {
        var got = Parse<TrainArguments>(work => new TrainVerb(work),
            "train", "r.yaml", "--data", "d", "--run", "o", "--set", "seed=2", "--set", "train.batch=4", "--resume");

        Assert.Equal(("r.yaml", "d", "o", true), (got.Recipe, got.Data, got.Run, got.Resume));
        Assert.Equal(["seed=2", "train.batch=4"], got.Set);
    }

    [Fact]
    public void Evaluate_takes_scales_flip_crop_and_stride_and_defaults_to_whole_images_of_val()
    {
        var full = Parse<EvaluateArguments>(work => new EvaluateVerb(work),
            "evaluate", "run", "--data", "d", "--split", "test", "--scales", "0.5,1", "--flip", "--crop", "512x1024", "--stride", "300x700");
        var plain = Parse<EvaluateArguments>(work => new EvaluateVerb(work), "evaluate", "run", "--data", "d");

        var named = Parse<EvaluateArguments>(work => new EvaluateVerb(work), "evaluate", "run", "--data", "d", "--protocol", "lip/hrnet");

        Assert.Equal(("test", true, new SizePx(512, 1024), new SizePx(300, 700)), (full.Split, full.Views.Flip, full.Views.Crop!.Value, full.Views.Stride!.Value));
        Assert.Equal([0.5, 1], full.Views.Views.Scales);
        Assert.Equal(("val", false, null, null), (plain.Split, plain.Views.Flip, plain.Views.Crop, plain.Views.Stride));
        Assert.Equal((new SizePx(473, 473), AbsentClasses.Zero), (named.Views.Views.Size!.Value, named.Absent));
        Assert.Equal((AbsentClasses.LeaveOut, false, Bootstrap.DefaultReplicates), (plain.Absent, plain.Boundary, plain.Bootstrap));
        Assert.Equal([1.0], plain.Views.Scales);
    }

    [Fact]
    public void Score_takes_layout_split_values_and_measures()
    {
        var full = Parse<ScoreArguments>(work => new ScoreVerb(work),
            "score", "p", "t", "--layout", "cityscapes", "--split", "test", "--values", "indices", "--absent", "zero", "--boundary", "--bootstrap", "9", "--against", "q", "--confusion", "c.csv");
        var plain = Parse<ScoreArguments>(work => new ScoreVerb(work), "score", "p", "t", "--layout", "labels", "--classes", "5", "--ignore", "0");

        Assert.Equal(new ScoreArguments("p", "t", "cityscapes", null, 255, "test", PredictedValues.Indices, AbsentClasses.Zero, true, 9, "q", "c.csv"), full);
        Assert.Equal(new ScoreArguments("p", "t", "labels", 5, 0, null, PredictedValues.Labels, AbsentClasses.LeaveOut, false, Bootstrap.DefaultReplicates, null, null), plain);
    }

    [Theory]
    [InlineData("--layout labels", "--classes N, 1 to 255")]
    [InlineData("--layout labels --classes 256", "--classes N, 1 to 255")]
    [InlineData("--layout voc --classes 5", "voc has its own classes")]
    [InlineData("--layout voc --ignore 0", "voc has its own classes")]
    [InlineData("--layout labels --classes 5 --ignore 256", "0 to 255 was wanted")]
    [InlineData("--layout vok", "did you mean 'voc'?")]
    [InlineData("--layout voc --absent ignore", "wanted leave-out or zero")]
    public void Score_says_which_layout_and_classes_go_together(string options, string message)
    {
        var line = CommandLine.Run([new ScoreVerb((_, _) => 0)], default, ["score", "p", "t", .. options.Split(' ')]);

        Assert.Equal(2, line.Code);
        Assert.Contains(message, line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--stride 2x2", "--crop")]
    [InlineData("--protocol lip/hrnet --scales 1", "leave out --scales")]
    [InlineData("--protocol lip/hrnet --absent zero", "leave out --absent")]
    [InlineData("--protocol pascal-context-59/hrnt", "'pascal-context-59/hrnet'")]
    public void Evaluate_refuses_ways_of_asking_that_do_not_go_together(string options, string message)
    {
        var line = CommandLine.Run([new EvaluateVerb((_, _) => 0)], default, ["evaluate", "run", "--data", "d", .. options.Split(' ')]);

        Assert.Equal(2, line.Code);
        Assert.Contains(message, line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_keeps_the_order_of_its_images()
    {
        var got = Parse<PredictArguments>(work => new PredictVerb(work), "predict", "run", "b.png", "a.jpg", "--out", "o", "c.png", "--overlay");

        Assert.Equal(("run", "o", true), (got.Source, got.Out, got.Overlay));
        Assert.Equal(["b.png", "a.jpg", "c.png"], got.Images);
        Assert.Null(got.Submission);
        Assert.Equal("voc-comp6", Parse<PredictArguments>(work => new PredictVerb(work), "predict", "run", "a.jpg", "--out", "o", "--submission", "voc-comp6").Submission!.Name);
    }

    [Fact]
    public void Import_takes_model_classes_out_and_skip_mismatched()
    {
        var got = Parse<ImportArguments>(work => new ImportVerb(work),
            "import", "f.pth", "--model", "hrnetv2-w48+psa-spatial", "--classes", "19", "--out", "o.safetensors", "--skip-mismatched");

        Assert.Equal(new ImportArguments(["f.pth"], "hrnetv2-w48+psa-spatial", 19, "o.safetensors", true), got);
    }

    [Fact]
    public void Bench_takes_a_size_and_how_often()
    {
        Assert.Equal(new BenchArguments("m", new SizePx(64, 96), 5, 7), Parse<BenchArguments>(work => new BenchVerb(work), "bench", "m", "--size", "64x96", "--classes", "5", "--runs", "7"));
        Assert.Equal(new BenchArguments("m.onnx", new SizePx(64, 96), null, null), Parse<BenchArguments>(work => new BenchVerb(work), "bench", "m.onnx", "--size", "64x96"));
    }

    [Fact]
    public void Verify_takes_weights_fixture_classes_and_tolerance()
    {
        var full = Parse<VerifyArguments>(work => new VerifyVerb(work),
            "verify", "m", "--weights", "formula", "--fixture", "g", "--classes", "5", "--tolerance", "1e-5");
        var plain = Parse<VerifyArguments>(work => new VerifyVerb(work), "verify", "m", "--weights", "w", "--fixture", "g");

        Assert.Equal(new VerifyArguments("m", "formula", "g", 5, 1e-5), full);
        Assert.Equal(new VerifyArguments("m", "w", "g", null, 1e-4), plain);
    }
}
