using System.Diagnostics;
using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Torch;
using static System.FormattableString;

namespace Hwaso.Training.Loop;

/// <summary>
/// Trains a task: steps, validations, checkpoints, log. With the same data, machine and thread count it gives the same weights, stopped and
/// resumed or not.
/// </summary>
public sealed class Trainer : IDisposable
{
    readonly TrainRequest request;
    readonly ITrainingTask task;
    readonly RunLog watcher;
    readonly Recipe recipe;
    readonly TrainPlan plan;
    readonly Weights weights;
    readonly ILearner learner;
    readonly IReadOnlyList<StageSpan> stages;
    readonly ForwardPass pass;
    readonly ScalarType? compute;
    readonly RunCheckpoints checkpoints;
    readonly MetricsLog log;
    readonly TensorBoardLog events;
    readonly Stopwatch clock = new();
    readonly List<string> warnings = [];
    TrainingStage stage;
    ResumeState state;
    Validation? best;

    /// <summary>Makes the run's folder, builds the network and, to resume, restores everything that was saved.</summary>
    /// <param name="request">What to train, on what, and where to keep it.</param>
    /// <param name="task">The request's task.</param>
    /// <param name="watcher">Watches the run.</param>
    /// <exception cref="RecipeException">The recipe asks for something that does not exist or does not fit.</exception>
    /// <exception cref="TrainingException">The folder holds a run already, or none to resume.</exception>
    public Trainer(TrainRequest request, ITrainingTask task, ITrainWatcher watcher)
    {
        var folder = request.Folder;
        (this.request, this.task, this.watcher, recipe) = (request, task, new RunLog(folder.Log, watcher), task.Recipe);
        var continues = request.Resume && File.Exists(folder.Resume);
        if (request.Resume && !folder.Exists)
            throw new TrainingException(
                $"{folder.Root}: nothing to resume: {folder.Resume} is not there; train without --resume to begin");
        if (!request.Resume && folder.Exists)
            throw new TrainingException($"{folder.Root} holds a run already; continue it with --resume, or name another folder with --run");

        var resolved = recipe.ToYaml(folder.Recipe);
        plan = TrainPlan.Of(task);
        stages = StageSpan.Of(task.Stages, plan);
        var slower = "";
        compute = ForwardPass.TypeOf(request.Recipe, request.Device, TorchInfo.ProcessorHasBFloat16, line => slower = line);
        RunCheckpoints.MakeFolders(folder);
        if (slower.Length > 0)
            this.watcher.Says(slower);
        TorchInfo.Threads = request.Threads;
        TorchInfo.IsDeterministic = recipe.Train.Deterministic;
        try
        {
            RandomState.Seed((ulong)recipe.Seed);
            weights = Weights.Create(request.Device);
            learner = task.Build(weights, pretrained: !continues, this.watcher.Says);
            if (recipe.Train.ChannelsLast && !weights.TrainsInChannelsLast)
            {
                this.watcher.Says("train.memory_format: contiguous, because libtorch fails on strided 1x1 convolutions "
                    + "of fewer than 8 channels in channels_last");
                recipe = recipe with { Train = recipe.Train with { ChannelsLast = false } };
            }
            if (recipe.Train.ChannelsLast)
                weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
            pass = new ForwardPass(request.Device, recipe.Train.ChannelsLast, compute);
            var saved = continues ? TensorFile.Read(folder.Resume) : null;
            state = saved is null ? new ResumeState(0, null, 0, 0, request.Threads) : ResumeState.Of(saved, resolved);
            if (saved is null)
                learner.Enter(0);
            // Every stage is prepared once, so that the last one's errors come before the first step.
            foreach (var other in stages.Where(s => s.Index != state.Stage))
                StageOf(other).Dispose();
            stage = StageOf(stages[state.Stage]);
            if (saved is not null)
                ResumeState.Restore(saved, weights, stage.Optimiser, stage.Average);
            if (state.LossScale > 0)
                stage.Scaler?.Restore(state.LossScale, state.LossScaleSteps);
            checkpoints = new RunCheckpoints(folder, weights, resolved, task, this.watcher);
            if (request.Resume && !continues)
                this.watcher.Says($"{folder.Root}: nothing was saved before it stopped; it begins anew");
            this.watcher.Introduces(recipe, task, learner, weights.ParameterCount, request);
            if (state.Threads != request.Threads)
                Warn($"resumed with {request.Threads} threads, begun with {state.Threads}: sums may round otherwise, "
                    + "so the result may differ in its last bits");
            checkpoints.Writing(folder.Recipe, state.Step, () => File.WriteAllText(folder.Recipe, resolved));
            log = MetricsLog.Open(folder.Metrics, state.Step, validated: !state.EpochOpen);
            events = new TensorBoardLog(folder.Events, state.Step);
            foreach (var validation in log.Validations.Select(v => task.Read(v.Fields)))
                if (validation.IsBetterThan(best))
                    best = validation;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Trains to the end, or until <paramref name="stop"/> is cancelled: then the step is finished and the state saved.</summary>
    /// <exception cref="TrainingException">The loss is not finite, a checkpoint cannot be written, or memory is short.</exception>
    public TrainResult Run(CancellationToken stop)
    {
        try
        {
            var result = Steps(stop);
            watcher.Ends(result);
            return result;
        }
        catch (Exception error)
        {
            watcher.Note($"failed at step {state.Step + 1}: {error.Message}");
            throw;
        }
    }

    /// <summary>Writes the finished run's page, with the best weights in the network, and its result for programs.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public RunSummary WriteReport(TrainResult result)
    {
        if (File.Exists(request.Folder.Best))
            WeightFile.Load(weights, TensorFile.Read(request.Folder.Best));
        var summary = new RunSummary
        {
            Name = recipe.Name,
            Model = recipe.Model.Name ?? recipe.Model.Family!,
            Seed = recipe.Seed,
            Finished = result.Finished,
            Step = result.Iterations,
            BestEpoch = result.BestEpoch,
            Scores = RunSummary.Named(result.Best),
            Parameters = weights.ParameterCount,
            Macs = learner.CountMacs(),
            Input = recipe.Augment.Crop,
            Seconds = result.Seconds,
            // A session that only finished the run off did no step.
            ImagesPerSecond = result.ImagesPerSecond > 0 ? result.ImagesPerSecond : null,
            Device = request.Device.ToString(),
            Threads = request.Threads,
        };
        var page = RunPage.Of(recipe, summary, log, TimeSpan.FromSeconds(result.Seconds), warnings);
        RunReport.Write(request.Folder.Report, learner.Describe(page, log.Validations));
        // Last: a run that has it has everything.
        summary.Write(request.Folder.Result);
        return summary;
    }

    /// <summary>Frees network and optimiser.</summary>
    public void Dispose()
    {
        // Also called when the constructor fails; later runs of the process set determinism themselves.
        TorchInfo.IsDeterministic = false;
        events?.Dispose();
        stage?.Dispose();
        weights?.Dispose();
    }

    TrainResult Steps(CancellationToken stop)
    {
        watcher.Begins(plan, state.Step);
        Announce();
        clock.Start();
        var images = 0L;
        try
        {
            // A run that was stopped in the middle of a validation continues with it.
            if (state.EpochOpen)
                EndEpoch(stop);
            while (!IsOver && !stop.IsCancellationRequested)
            {
                if (state.Step == stage.End)
                    Enter(stages[stage.Index + 1]);
                images += Epoch((int)(state.Step / plan.StepsPerEpoch), stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was done is saved below.
        }
        var finished = IsOver && !state.EpochOpen;
        if (!finished)
        {
            RequireFinite();
            SaveResume();
        }
        var seconds = clock.Elapsed.TotalSeconds;
        return new TrainResult(state.Step, finished, best, state.BestEpoch, state.Seconds + seconds, images / Math.Max(seconds, 1e-9));
    }

    // Each stage has a scaler of its own, as it has an optimiser of its own.
    TrainingStage StageOf(StageSpan span) => new(
        span, learner, weights, recipe.Train, plan.StepsPerEpoch, pass, compute == ScalarType.Float16 ? new LossScaler() : null);

    void Enter(StageSpan next)
    {
        stage.Dispose();
        learner.Enter(next.Index);
        stage = StageOf(next);
        state = state with { Stage = next.Index };
        Announce();
    }

    void Announce()
    {
        if (stage.Plan.Text is { } text)
            watcher.Says($"stage {stage.Index + 1}/{stages.Count}, {text}");
    }

    /// <summary>One pass over the data from wherever the run stands in it; returns the images seen.</summary>
    long Epoch(int epoch, CancellationToken stop)
    {
        stage.Begin();
        var end = Math.Min((epoch + 1L) * plan.StepsPerEpoch, plan.Steps);
        var firstBatch = (int)(state.Step - (long)epoch * plan.StepsPerEpoch) * plan.Accumulate;
        var images = 0L;
        var (logged, since) = (Stopwatch.GetTimestamp(), 0);
        using var batches = stage.Batches(epoch, firstBatch);
        while (state.Step < end && !stop.IsCancellationRequested)
        {
            var rate = stage.RateAt(state.Step);
            var value = stage.Step(batches, rate);
            if (!double.IsFinite(value) && !stage.WasLeftOut)
                throw Diverged($"the loss is {value} at step {state.Step + 1}");
            state = state with { Step = state.Step + 1 };
            images += plan.ImagesPerStep;
            since += plan.ImagesPerStep;
            state = state with { EpochOpen = state.Step == end };
            var speed = since / Stopwatch.GetElapsedTime(logged).TotalSeconds;
            watcher.Stepped(state.Step, epoch + 1, value, rate, speed);
            if (state.Step % recipe.Train.LogEvery == 0 || state.EpochOpen)
            {
                checkpoints.Writing(request.Folder.Metrics, state.Step, () => log.Step(state.Step, epoch + 1, value, rate, speed));
                events.Step(state.Step, value, rate, speed);
                (logged, since) = (Stopwatch.GetTimestamp(), 0);
            }
        }
        if (state.EpochOpen)
            EndEpoch(stop);
        return images;
    }

    TrainingException Diverged(string what) => new(
        $"{what} on the batch of {string.Join(", ", stage.Files)}; "
        + (File.Exists(request.Folder.Last) ? $"the last good weights are in {request.Folder.Last}" : "no weights were saved yet")
        + Invariant($"; try a lower train.optimizer.learning_rate (now {stage.FirstRate}) or a longer warm-up, ")
        + "and check these images (hwaso dataset check)");

    /// <summary>Whether every step is done, or as many validations in a row were no better as the recipe allows.</summary>
    bool IsOver => state.Step >= plan.Steps || state.Stale >= (recipe.Validate.Patience ?? int.MaxValue);

    void EndEpoch(CancellationToken stop)
    {
        var epoch = (int)((state.Step + plan.StepsPerEpoch - 1) / plan.StepsPerEpoch);
        RequireFinite();
        // The average is scored and saved, where there is one.
        stage.Average?.Swap();
        try
        {
            if (state.Step >= plan.Steps || (stage.Plan.IsScored && recipe.Validate.Every > 0 && epoch % recipe.Validate.Every == 0))
                Validate(epoch, stop);
            state = state with { EpochOpen = false };
            if (IsOver || epoch % recipe.Save.Every == 0)
                checkpoints.SaveWeights(request.Folder.Last, epoch, state);
        }
        finally
        {
            stage.Average?.Swap();
        }
        if (IsOver || epoch % recipe.Save.Every == 0)
            SaveResume();
    }

    void Validate(int epoch, CancellationToken stop)
    {
        var validation = learner.Validate(stop);
        checkpoints.Writing(request.Folder.Metrics, state.Step, () => log.Validation(state.Step, epoch, validation));
        events.Validation(state.Step, validation);
        var isBest = validation.IsBetterThan(best);
        state = state with { Stale = isBest ? 0 : state.Stale + 1 };
        if (isBest)
        {
            best = validation;
            state = state with { BestScore = validation.Main.Value, BestEpoch = epoch };
            checkpoints.SaveWeights(request.Folder.Best, epoch, state);
        }
        watcher.Validated(epoch, validation, isBest);
        if (state.Stale == recipe.Validate.Patience && state.Step < plan.Steps)
            watcher.Says($"no better {validation.Main.Title} in {state.Stale} validations: "
                + $"the run ends after epoch {epoch}, best was epoch {state.BestEpoch}");
    }

    void SaveResume() => checkpoints.SaveResume(
        state with
        {
            Seconds = state.Seconds + clock.Elapsed.TotalSeconds,
            Threads = request.Threads,
            LossScale = stage.Scaler?.Scale ?? 0,
            LossScaleSteps = stage.Scaler?.GoodSteps ?? 0,
        },
        stage);

    // A finite loss may still have had an infinite gradient, which must not replace good weights.
    void RequireFinite()
    {
        if (checkpoints.NotFinite() is { } key)
            throw Diverged($"{key} is no longer finite after step {state.Step}");
    }

    void Warn(string line)
    {
        warnings.Add(line);
        watcher.Says(line);
    }
}
