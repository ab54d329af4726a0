using System.Diagnostics;
using System.Text.Json.Nodes;
using Hwaso.Inference;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Validations that fail or take long, whatever the reason.</summary>
public sealed class ValidationFailureTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-validation").FullName;

    [Theory]
    [InlineData(1)]
    [InlineData(9)] // saved every ninth epoch alone
    public void A_validation_that_fails_costs_no_epoch(int every)
    {
        string[] settings = ["train.epochs=3", $"save.every={every}"];
        Train("whole", () => { }, false, settings);
        var calls = 0;
        var error = Assert.Throws<TrainingException>(() => Train("failed", () =>
        {
            if (++calls == 2)
                throw new InvalidOperationException("no such luck.");
        }, false, settings));
        Assert.Equal($"the validation after epoch 2 failed: no such luck; the epoch's weights are in {At("failed").Last}, "
            + "and --resume continues with the validation", error.Message);
        Assert.True(File.Exists(At("failed").Last));
        Assert.True(Train("failed", () => { }, true, settings).Finished);
        Assert.Equal(SmallRuns.BitsOf(At("whole")), SmallRuns.BitsOf(At("failed")));
        Assert.Equal(SmallRuns.LinesOf(At("whole")), SmallRuns.LinesOf(At("failed")));
    }

    [Fact]
    public void Images_a_second_count_steps_and_not_validations()
    {
        var slept = new Stopwatch();
        var result = Train("slow", () =>
        {
            slept.Start();
            Thread.Sleep(200);
            slept.Stop();
        }, false, ["train.epochs=2"]);
        // 2 epochs of 12 images. Whatever the machine's speed, their time and that of the pauses fit into the whole.
        Assert.True(24 / result.ImagesPerSecond <= result.Seconds - slept.Elapsed.TotalSeconds,
            $"{result.ImagesPerSecond} images/s, {result.Seconds} s, of them {slept.Elapsed} paused");
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    RunFolder At(string name) => new(Path.Combine(folder, name));

    TrainResult Train(string name, Action validates, bool resume, string[] settings)
    {
        var recipe = RecipeFile.Read(SmallRuns.Recipe, "small.yaml", settings);
        var request = new TrainRequest(recipe, scenes.Root, At(name), resume, Device.Cpu, 1);
        using var trainer = new Trainer(request, new Watched(TrainingTasks.Open(request), validates), new RunWatcher());
        return trainer.Run(CancellationToken.None);
    }

    /// <summary>A task that does something before each validation.</summary>
    sealed class Watched(ITrainingTask task, Action validates) : ITrainingTask
    {
        public Recipe Recipe => task.Recipe;

        public int SampleCount => task.SampleCount;

        public string DataText => task.DataText;

        public IReadOnlyList<StagePlan> Stages => task.Stages;

        public string MainScore => task.MainScore;

        public IReadOnlyDictionary<string, string> Metadata => task.Metadata;

        public Validation Read(JsonObject fields) => task.Read(fields);

        public void Check() => task.Check();

        public IReadOnlyList<string> CheckFiles(CancellationToken stop) => task.CheckFiles(stop);

        public NetworkCost Cost(SizePx input) => task.Cost(input);

        public ILearner Build(Weights weights, bool pretrained, Action<string> says) =>
            new Learner(task.Build(weights, pretrained, says), validates);
    }

    sealed class Learner(ILearner learner, Action validates) : ILearner
    {
        public string OutputText => learner.OutputText;

        public IReadOnlyList<string> HeadPaths => learner.HeadPaths;

        public void Enter(int stage) => learner.Enter(stage);

        public ILearnerStage Stage(int stage) => learner.Stage(stage);

        public Validation Validate(CancellationToken stop)
        {
            validates();
            return learner.Validate(stop);
        }

        public long CountMacs() => learner.CountMacs();

        public RunReportData Describe(RunReportData page, IReadOnlyList<LoggedValidation> validations) =>
            learner.Describe(page, validations);
    }
}
