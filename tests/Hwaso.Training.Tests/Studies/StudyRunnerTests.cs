using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Graph;
using Hwaso.Inference;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Scenes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Studies;
using Hwaso.Training.Tasks;
using Hwaso.Training.Tests.Loop;
using static System.FormattableString;

namespace Hwaso.Training.Tests.Studies;

public sealed class StudyRunnerTests : TensorTest, IClassFixture<SceneFolder>
{
    readonly string data;
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-study").FullName;

    public StudyRunnerTests(SceneFolder scenes)
    {
        data = scenes.Root;
        // Small enough for a second; 12 images make 3 steps an epoch.
        File.WriteAllText(Path.Combine(folder, "base.yaml"), """
            seed: 7
            model:
              family: hrnetv2
              init: kaiming
              stage1: {blocks: 1, channels: 4}
              stage2: {modules: 1, blocks: [1, 1], channels: [4, 8]}
              stage3: {modules: 1, blocks: [1, 1, 1], channels: [4, 8, 16]}
              stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [4, 8, 16, 32]}
            data: {layout: cityscapes}
            augment: {crop: [32, 64]}
            train: {epochs: 1, batch: 4, optimizer: {learning_rate: 0.05}}
            """);
        File.WriteAllText(StudyPath, """
            title: One against two
            recipe: base.yaml
            seeds: 2
            measures: [miou, pixel_accuracy]
            input: [64, 96]
            baseline: plain
            variants:
              - {name: plain, published: {miou: 0.25, parameters_m: 0.5}}
              - {name: attention, set: {model.attention: se}, published: {miou: 0.5}}
            """);
    }

    string StudyPath => Path.Combine(folder, "study.yaml");

    StudyFolder Folder => new(Path.Combine(folder, "out"));

    [Fact]
    public void A_study_broken_off_goes_on_keeps_what_is_finished_and_tells_what_its_runs_did()
    {
        using var stop = new CancellationTokenSource();
        var first = new Watcher { Stepped = (run, step) => { if ((run, step) == (2, 2)) stop.Cancel(); } };
        Assert.False(Runner().Run(first, stop.Token));
        Assert.Equal(["plain 7", "attention 7"], first.Begun);
        var kept = File.GetLastWriteTimeUtc(Folder.Run(Variants[0], 7).Result);
        Assert.Single(Table().GetProperty("rows")[0].GetProperty("seeds").EnumerateArray());

        var second = new Watcher();
        Assert.True(Runner().Run(second, default));
        Assert.Equal(["plain 7"], second.WasKept);
        Assert.Equal(["attention 7", "plain 8", "attention 8"], second.Begun);
        Assert.Equal(kept, File.GetLastWriteTimeUtc(Folder.Run(Variants[0], 7).Result));

        // The table against the runs' own logs.
        var rows = Table().GetProperty("rows").EnumerateArray().ToArray();
        foreach (var (row, variant) in rows.Zip(Variants))
        {
            var last = new[] { 7, 8 }.Select(seed => File.ReadLines(Folder.Run(variant, seed).Metrics).Last());
            var values = last.Select(line => JsonNode.Parse(line)!["miou"]!.GetValue<double>()).ToArray();
            Assert.Equal(values, row.GetProperty("miou_values").EnumerateArray().Select(v => v.GetDouble()));
            Assert.Equal(values.Average(), row.GetProperty("miou").GetDouble(), 1e-15);
            // Of two values the sample deviation is their distance over √2.
            Assert.Equal(Math.Abs(values[0] - values[1]) / Math.Sqrt(2), row.GetProperty("miou_deviation").GetDouble(), 1e-15);
        }
        double Number(int row, string key) => rows[row].GetProperty(key).GetDouble();
        Assert.Equal(Number(1, "miou") - Number(0, "miou"), Number(1, "difference"), 1e-15);
        Assert.Equal("plain", rows[1].GetProperty("against").GetString());
        Assert.Equal(0.25, rows[1].GetProperty("published").GetProperty("difference").GetDouble());
        // What the run's own weights hold is what the table counts.
        Assert.Equal(Parameters(Folder.Run(Variants[1], 8)), rows[1].GetProperty("parameters").GetInt64());
        var markdown = File.ReadAllText(Folder.Markdown);
        const string Heads = "| parameters (M), published | parameters (M) | multiply-adds (2^30) | mIoU %, published |";
        Assert.Contains(Heads, markdown, StringComparison.Ordinal);
        Assert.Contains(Invariant($"{100 * Number(0, "miou"):0.00} ± {100 * Number(0, "miou_deviation"):0.00}"), markdown,
            StringComparison.Ordinal);
        Assert.Contains("href=\"attention/seed-8/report.html\"", File.ReadAllText(Folder.Page), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Folder.Root, "attention/seed-8/report.html")));
    }

    [Fact]
    public void A_run_of_a_study_is_the_run_of_its_recipe()
    {
        Assert.True(Runner(seeds: 1).Run(new Watcher(), default));
        var alone = new RunFolder(Path.Combine(folder, "alone"));
        var recipe = RecipeFile.Load(Path.Combine(folder, "base.yaml"), "model.attention=se");
        var request = new TrainRequest(recipe, data, alone, false, Device.Cpu, 1);
        using (var trainer = new Trainer(request, TrainingTasks.Open(request), new RunWatcher()))
            trainer.Run(default);
        var (ours, theirs) = (TensorFile.Read(Folder.Run(Variants[1], 7).Last).Tensors, TensorFile.Read(alone.Last).Tensors);
        Assert.Equal(ours.Keys, theirs.Keys);
        Assert.All(ours, t => Assert.True(t.Value.Data.Span.SequenceEqual(theirs[t.Key].Data.Span), t.Key));
    }

    [Fact]
    public void A_finished_run_of_other_settings_does_not_get_into_the_table()
    {
        Assert.True(Runner(seeds: 1).Run(new Watcher(), default));
        var error = Assert.Throws<TrainingException>(() => Runner(seeds: 1, "train.optimizer.learning_rate=0.01"));
        const string Said =
            "plain/seed-7: holds a run of another recipe ('learning_rate: 0.05' there, 'learning_rate: 0.01' now); remove it, or";
        Assert.Contains(Said, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.name: hrnetv2-w99, model.family: ", "study.yaml:9: model.name: ")]
    [InlineData("model.classes: 7", "study.yaml:9: model.classes: 7, but Cityscapes train has 19 classes")]
    [InlineData("loss.heads.dense: 1", "study.yaml:9: loss.heads.dense: weighs what hrnetv2 does not have")]
    public void What_a_variant_sets_wrongly_is_said_with_its_line_before_the_first_step(string mistake, string message)
    {
        Set(mistake);
        Assert.Contains(message, Assert.Throws<RecipeException>(() => Runner()).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder.Root));
    }

    [Fact]
    public void A_step_of_more_images_than_there_are_is_said_before_the_first()
    {
        Set("train.batch: 13");
        var error = Assert.Throws<TrainingException>(() => Runner());
        Assert.Contains("split 'train' has 12 images, one step takes 13", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder.Root));
    }

    public static TheoryData<string> Shipped =>
        [.. Directory.GetFiles(RepositoryRoot.File("recipes", "studies"), "*.yaml").Select(path => Path.GetFileName(path)!).Order()];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Small_form_of_a_shipped_study_fits_scenes(string file)
    {
        var study = Study.Load(RepositoryRoot.File("recipes", "studies", file), small: true);
        var scenes = data;
        if (study.Scenes!.Layout == "voc")
            SceneSet.Write(scenes = Path.Combine(folder, "voc"), SceneLayout.Voc, count: 12, width: 64, height: 32, seed: 5, val: 1);
        // What the teacher would tell: any depth will do.
        if (study.Teacher is { } teacher)
        {
            var told = Directory.CreateDirectory(Path.Combine(scenes, teacher.Depth)).FullName;
            foreach (var depth in Directory.GetFiles(Path.Combine(scenes, "VOCdevkit/VOC2012/Depth")))
                File.Copy(depth, Path.Combine(told, Path.GetFileName(depth)));
        }
        var runner = new StudyRunner(new StudyRequest(study, scenes, 1, [], Folder, Device.Cpu, 1));
        // Today's networks are compared at the widths that they are published with.
        var most = file == "today.yaml" ? 20_000_000 : 2_000_000;
        Assert.All(runner.Table.Rows, row => Assert.InRange(row.Parameters, 1000, most));
    }

    [Fact]
    public void Full_form_of_the_poster_s_study_costs_what_the_poster_prints()
    {
        // VOC2010's layout is not at hand: the networks are those of the recipe, counted at the study's input with the recipe's classes.
        var study = Study.Load(RepositoryRoot.File("recipes", "studies", "hrnet-psa.yaml"), small: false);
        foreach (var variant in study.Variants)
        {
            var recipe = variant.Recipe(0, []).Recipe;
            var definition = Zoo.DefineSegmentation(recipe.Model);
            long[] shape = [1, 3, study.Input!.Value.Height, study.Input.Value.Width];
            var macs = Graph.Cost.Of(NetworkGraph.Sketch(w => definition.Build(w, recipe.Model.Classes!.Value), shape)).Macs;
            // Printed to three decimals.
            Assert.Equal(variant.Published.Macs!.Value / (1 << 30), macs / (double)(1 << 30), 0.0005);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    IReadOnlyList<StudyVariant> Variants => Study.Load(StudyPath, small: false).Variants;

    void Set(string mistake) =>
        File.WriteAllText(StudyPath, File.ReadAllText(StudyPath).Replace("model.attention: se", mistake, StringComparison.Ordinal));

    StudyRunner Runner(int seeds = 2, params string[] settings) =>
        new(new StudyRequest(Study.Load(StudyPath, small: false), data, seeds, settings, Folder, Device.Cpu, 1));

    System.Text.Json.JsonElement Table() => System.Text.Json.JsonDocument.Parse(File.ReadAllText(Folder.Json)).RootElement;

    // Running statistics and counters are no parameters.
    static long Parameters(RunFolder run) => TensorFile.Read(run.Last).Tensors
        .Where(t => !t.Key.Contains("running_", StringComparison.Ordinal))
        .Where(t => !t.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
        .Sum(t => t.Value.Shape.Aggregate(1L, (a, b) => a * b));

    sealed class Watcher : IStudyWatcher
    {
        public List<string> Begun { get; } = [];

        public List<string> WasKept { get; } = [];

        public Action<int, long> Stepped { get; init; } = (_, _) => { };

        public ITrainWatcher Trains(int number, int of, StudyVariant variant, int seed)
        {
            Begun.Add($"{variant.Name} {seed}");
            return new RunWatcher(step => Stepped(number, step));
        }

        public void Kept(int number, int of, StudyVariant variant, int seed, RunSummary summary) => WasKept.Add($"{variant.Name} {seed}");

        public void Trained(TrainResult result)
        {
        }
    }
}
