using System.CommandLine;
using Hwaso.Cli.Verbs;
using Hwaso.Data;
using Hwaso.Metrics;
using Hwaso.Metrics.Scoring;
using Hwaso.Recipes;

namespace Hwaso.Cli.Tests;

/// <summary>Every option of the contract reaches the work behind its verb.</summary>
public sealed class VerbArgumentsTests
{
    [Fact]
    public void Scenes_take_layout_counts_size_and_seed()
    {
        var verb = new ScenesVerb();
        var full = verb.Read(Parse(verb, "d --layout voc --count 9 --val 0 --size 128x256 --seed 7"));
        var plain = verb.Read(Parse(verb, "d --layout cityscapes --count 9"));

        Assert.Equal(new ScenesArguments("d", "voc", 9, 0, new SizePx(128, 256), 7, null), full);
        Assert.Equal(new ScenesArguments("d", "cityscapes", 9, null, new SizePx(256, 512), 1, null), plain);
    }

    [Fact]
    public void Dataset_check_takes_a_layout_and_dataset_alone_says_what_there_is()
    {
        var (check, convert) = (new DatasetCheckVerb(), new DatasetConvertVerb());
        var got = check.Read(Parse(check, "d --layout voc --splits trainval,val --html p.html"));
        var plain = check.Read(Parse(check, "d --layout voc"));
        var converted = convert.Read(Parse(convert, "voc-aug s t"));
        var alone = CommandLine.Run("dataset");
        var wrong = CommandLine.Run("dataset", "chek", "d");

        Assert.Equal(("d", "voc", "p.html"), (got.Folder, got.Layout, got.Page));
        Assert.Equal((IReadOnlyList<string>)["trainval", "val"], got.Splits);
        Assert.Equal((IReadOnlyList<string>)["train", "val"], plain.Splits);
        Assert.Equal(new DatasetConvertArguments("voc-aug", "s", "t"), converted);
        Assert.Equal((2, "hwaso dataset: wanted: hwaso dataset check or hwaso dataset convert\ntry: hwaso dataset --help\n"),
            (alone.Code, alone.Error));
        Assert.Equal(
            (2, "hwaso dataset: 'chek': wanted check or convert; did you mean 'check'?\ntry: hwaso dataset --help\n"),
                (wrong.Code, wrong.Error));
    }

    [Fact]
    public void Train_takes_recipe_data_run_settings_and_resume()
    {
        var verb = new TrainVerb();
        var got = verb.Read(Parse(verb, "r.yaml --data d --run o --set seed=2 --set train.batch=4 --resume"));

        Assert.Equal(("r.yaml", "d", "o", true), (got.Recipe, got.Data, got.Run, got.Resume));
        Assert.Equal(["seed=2", "train.batch=4"], got.Set);
    }

    [Fact]
    public void Study_takes_data_seeds_the_small_form_a_folder_and_settings()
    {
        var verb = new StudyVerb();
        var got = verb.Read(Parse(verb, "s.yaml --data d --seeds 3 --small --out o --set seed=2"));

        Assert.Equal(("s.yaml", "d", 3, true, "o"), (got.Study, got.Data, got.Seeds, got.Small, got.Out));
        Assert.Equal(["seed=2"], got.Set);
    }

    [Fact]
    public void Evaluate_takes_scales_flip_crop_and_stride_and_defaults_to_whole_images_of_val()
    {
        var verb = new EvaluateVerb();
        var full = verb.Read(Parse(verb, "run --data d --split test --scales 0.5,1 --flip --crop 512x1024 --stride 300x700"));
        var plain = verb.Read(Parse(verb, "run --data d"));
        var named = verb.Read(Parse(verb, "run --data d --protocol lip/hrnet"));

        Assert.Equal(
            ("test", true, new SizePx(512, 1024), new SizePx(300, 700)),
            (full.Split, full.Views.Flip, full.Views.Crop!.Value, full.Views.Stride!.Value));
        Assert.Equal([0.5, 1], full.Views.Views.Scales);
        Assert.Equal(("val", false, null, null), (plain.Split, plain.Views.Flip, plain.Views.Crop, plain.Views.Stride));
        Assert.Equal((new SizePx(473, 473), AbsentClasses.Zero), (named.Views.Views.Size!.Value, named.Absent));
        Assert.Equal((AbsentClasses.LeaveOut, false, Bootstrap.DefaultReplicates), (plain.Absent, plain.Boundary, plain.Bootstrap));
        Assert.Equal([1.0], plain.Views.Scales);
    }

    [Fact]
    public void Score_takes_layout_split_values_and_measures()
    {
        var verb = new ScoreVerb();
        const string Measures = "--absent zero --boundary --bootstrap 9 --against q --confusion c.csv";
        var full = verb.Read(Parse(verb, $"p t --layout cityscapes --split test --values indices {Measures}"));
        var plain = verb.Read(Parse(verb, "p t --layout labels --classes 5 --ignore 0"));

        Assert.Equal(
            new ScoreArguments("p", "t", "cityscapes", null, 255, "test", PredictedValues.Indices, AbsentClasses.Zero, true,
                9, "q", "c.csv"), full);
        Assert.Equal(
            new ScoreArguments(
                "p", "t", "labels", 5, 0, null, PredictedValues.Labels, AbsentClasses.LeaveOut, false, Bootstrap.DefaultReplicates, null,
                    null),
            plain);
    }

    [Theory]
    [InlineData("--layout labels", "--classes N, 1 to 255")]
    [InlineData("--layout labels --classes 256", "--classes N, 1 to 255")]
    [InlineData("--layout voc --classes 5", "voc has its own classes")]
    [InlineData("--layout voc --ignore 0", "voc has its own classes")]
    [InlineData("--layout labels --classes 5 --ignore 256", "0 to 255 was wanted")]
    [InlineData("--layout vok", "did you mean 'voc'?")]
    [InlineData("--layout voc --absent ignore", "wanted leave-out or zero")]
    [InlineData("--layout labels --classes 5 --split val", "--split names a part of a data set")]
    public void Score_says_which_layout_and_classes_go_together(string options, string message) => Refused($"score p t {options}", message);

    [Theory]
    [InlineData("--stride 2x2", "--crop")]
    [InlineData("--protocol lip/hrnet --scales 1", "leave out --scales")]
    [InlineData("--protocol lip/hrnet --absent zero", "leave out --absent")]
    [InlineData("--protocol pascal-context-59/hrnt", "--protocol 'pascal-context-59/hrnt'")]
    [InlineData("--protocol pascal-context-59/hrnt", "did you mean 'pascal-context-59/hrnet'")]
    public void Evaluate_refuses_views_that_do_not_go_together(string options, string message) =>
        Refused($"evaluate run --data d {options}", message);

    [Fact]
    public void Predict_keeps_the_order_of_its_images()
    {
        var verb = new PredictVerb();
        var got = verb.Read(Parse(verb, "run b.png a.jpg --out o c.png --overlay"));
        var submitted = verb.Read(Parse(verb, "run a.jpg --out o --submission voc-comp6"));

        Assert.Equal(("run", "o", true), (got.Source, got.Out, got.Overlay));
        Assert.Equal(["b.png", "a.jpg", "c.png"], got.Images);
        Assert.Null(got.Submission);
        Assert.Equal("voc-comp6", submitted.Submission!.Name);
    }

    [Fact]
    public void Import_takes_model_classes_out_and_skip_mismatched()
    {
        var verb = new ImportVerb();
        var got = verb.Read(Parse(verb, "f.pth --model hrnetv2-w48+psa-spatial --classes 19 --out o.safetensors --skip-mismatched "
            + "--from timm --strict"));

        Assert.Equal(new ImportArguments(["f.pth"], "hrnetv2-w48+psa-spatial", 19, "o.safetensors", true, null, "timm", true), got);
    }

    [Fact]
    public void Bench_takes_a_size_and_how_often()
    {
        var verb = new BenchVerb();
        Assert.Equal(new BenchArguments("m", new SizePx(64, 96), 5, 7), verb.Read(Parse(verb, "m --size 64x96 --classes 5 --runs 7")));
        Assert.Equal(new BenchArguments("m.onnx", new SizePx(64, 96), null, null), verb.Read(Parse(verb, "m.onnx --size 64x96")));
    }

    [Fact]
    public void Verify_takes_weights_fixture_classes_and_tolerance()
    {
        var verb = new VerifyVerb();
        var full = verb.Read(Parse(verb, "m --weights formula --fixture g --classes 5 --tolerance 1e-5"));
        var plain = verb.Read(Parse(verb, "m --weights w --fixture g"));

        Assert.Equal(new VerifyArguments("m", "formula", "g", 5, 1e-5), full);
        Assert.Equal(new VerifyArguments("m", "w", "g", null, 1e-4), plain);
    }

    static ParseResult Parse(Verb verb, string words)
    {
        var parse = verb.Command.Parse(words.Split(' '));
        Assert.Empty(parse.Errors);
        return parse;
    }

    static void Refused(string command, string message)
    {
        var line = CommandLine.Run(command.Split(' '));

        Assert.Equal(2, line.Code);
        Assert.Contains(message, line.Error, StringComparison.Ordinal);
    }
}
