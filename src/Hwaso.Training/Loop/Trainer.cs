using System.Diagnostics;
using System.Text;
using Hwaso.Checkpoints;
using Hwaso.Common;
using Hwaso.Inference.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Torch;
using Hwaso.Training.Processes;
using static System.FormattableString;

namespace Hwaso.Training.Loop;

/// <summary>
/// Trains a task: steps, validations, checkpoints, log. With the same data, machine and thread count it gives the same weights, stopped and
/// resumed or not.
/// </summary>
public sealed class Trainer : IDisposable
{
    readonly TrainRequest request;
    readonly Team team;
    readonly ITrainingTask task;
    readonly RunLog watcher;
    readonly Recipe recipe;
    readonly string resolved;
    readonly TrainPlan plan;
    readonly Weights weights;
    readonly ILearner learner;
    readonly HeldFolder held;
    readonly IReadOnlyList<StageSpan> stages;
    readonly ForwardPass pass;
    readonly ScalarType? compute;
    readonly RunCheckpoints checkpoints;
    // Process 0 alone writes the run's files.
    readonly MetricsLog? log;
    readonly TensorBoardLog? events;
    readonly Stopwatch clock = new();
    readonly TrainingSpeed speed = new();
    readonly List<string> warnings = [];
    TrainingStage stage;
    ResumeState state;
    Validation? best;
    bool isKept;

    /// <summary>Makes the run's folder, builds the network and, to resume, restores everything that was saved.</summary>
    /// <param name="request">What to train, on what, and where to keep it.</param>
    /// <param name="task">The request's task.</param>
    /// <param name="watcher">Watches the run.</param>
    /// <exception cref="RecipeException">The recipe asks for something that does not exist or does not fit.</exception>
    /// <exception cref="TrainingException">The folder holds a run already, or none to resume, or another trainer trains it.</exception>
    public Trainer(TrainRequest request, ITrainingTask task, ITrainWatcher watcher)
    {
        var folder = request.Folder;
        (this.request, this.task, team, recipe) = (request, task, request.Team, task.Recipe);
        this.watcher = new RunLog(team.IsFirst ? folder.Log : folder.LogOf(team.Rank), watcher, team.Pace);
        HeldFolder.Check(request);
        TeamChecks.Refuse(request, task);
        resolved = recipe.ToYaml(folder.Recipe);
        plan = TrainPlan.Of(task);
        stages = StageSpan.Of(task.Stages, plan);
        var slower = "";
        compute = ForwardPass.TypeOf(request.Recipe, request.Device, TorchInfo.ProcessorHasBFloat16, line => slower = line);
        if (recipe.Train.CudaGraph && request.Device.Type != DeviceType.Cuda)
            throw request.Recipe.Error("train.cuda_graph", $"is for CUDA devices; this run is on {request.Device}; remove it");
        held = HeldFolder.Take(request, this.watcher);
        if (slower.Length > 0)
            this.watcher.Says(slower);
        TorchInfo.Threads = request.Threads;
        TorchInfo.IsDeterministic = recipe.Train.Deterministic;
        try
        {
            RandomState.Seed((ulong)recipe.Seed);
            weights = Weights.Create(request.Device);
            learner = task.Build(weights, pretrained: !held.Continues, this.watcher.Says);
            pass = ForwardPass.Of(weights, recipe.Train, request.Device, compute, this.watcher.Says);
            var saved = held.Continues ? TensorFile.Read(folder.Resume) : null;
            team.Spread(weights.State.Select(s => s.Value));
            if (!team.IsFirst)
                RandomState.Seed((ulong)recipe.Seed + SeedsApart * (ulong)team.Rank);
            Recipe? shorter = null;
            state = saved is null ? new ResumeState(0, null, 0, 0, request.Threads, Processes: team.Size)
                : ResumeState.Of(saved, resolved, out shorter);
            if (saved is null)
                learner.Enter(0);
            // Every stage is prepared once, so that the last one's errors come before the first step.
            foreach (var other in stages.Where(s => s.Index != state.Stage))
                StageOf(other).Dispose();
            stage = StageOf(stages[state.Stage]);
            if (saved is not null)
                ResumeState.Restore(saved, weights, stage.Optimiser, stage.Average, team.Rank);
            if (state.LossScale > 0)
                stage.Scaler?.Restore(state.LossScale, state.LossScaleSteps);
            checkpoints = new RunCheckpoints(folder, weights, resolved, task, this.watcher);
            if (request.Resume && !held.Continues)
                this.watcher.Says($"{folder.Root}: nothing was saved before it stopped; it begins anew");
            this.watcher.Introduces(recipe, task, learner, weights.ParameterCount, request);
            foreach (var change in TeamChecks.Changes(state, request))
                Warn(change);
            if (shorter is not null)
                Lengthen(shorter);
            if (held.Continues)
                KeepRecipe();
            if (!team.IsFirst)
                return;
            log = MetricsLog.Open(folder.Metrics, state.Step, validated: !state.EpochOpen);
            events = new TensorBoardLog(folder.Events, state.Step);
            foreach (var validation in log.Validations.Select(v => task.Read(v.Fields)))
                if (validation.IsBetterThan(best))
                    best = validation;
        }
        catch
        {
            Dispose();
            held.RemoveTraces();
            throw;
        }
    }

    /// <summary>Trains to the end, or until <paramref name="stop"/> is cancelled: then the step is finished and the state saved.</summary>
    /// <exception cref="TrainingException">
    /// The loss is not finite, a checkpoint cannot be written, or memory is short. A run that fails before its first step leaves nothing.
    /// </exception>
    /// <exception cref="ProcessException">Another process is gone, or failed.</exception>
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
            if (state.Step == 0)
            {
                held.Dispose();
                held.RemoveTraces();
            }
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
        var page = RunPage.Of(recipe, summary, log!, TimeSpan.FromSeconds(result.Seconds), warnings);
        RunReport.Write(request.Folder.Report, learner.Describe(page, log!.Validations));
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
        held?.Dispose();
    }

    // Far apart, as seeds of studies are near each other.
    const ulong SeedsApart = 1_000_003;

    /// <summary>Says what a greater length does to a run that was planned shorter, and takes back that it is finished.</summary>
    void Lengthen(Recipe shorter)
    {
        var before = plan.StepsOf(shorter.Train);
        var last = stage.RateAt(Math.Max(0, state.Step - 1), before);
        Warn(FormattableString.Invariant($"{before} steps become {plan.Steps}, with the optimiser's state after step {state.Step}. The ")
            + $"{recipe.Train.Schedule.Kind.ToString().ToLowerInvariant()} schedule now runs over all of them: "
            + FormattableString.Invariant($"the learning rate was {last:g4} in the last step and is {stage.RateAt(state.Step):g4} in the ")
            + "next. The result is not that of a run planned so long");
        // A run that ended early has its patience back.
        state = state with { Stale = 0 };
        if (team.IsFirst)
            File.Delete(request.Folder.Result);
    }

    TrainResult Steps(CancellationToken stop)
    {
        watcher.Begins(plan, state.Step);
        Announce();
        clock.Start();
        try
        {
            foreach (var remark in team.First(() => task.CheckFiles(stop).ToArray()))
                Warn(remark);
            // A run that was stopped in the middle of a validation continues with it.
            if (state.EpochOpen)
                EndEpoch(stop);
            while (!IsOver && !Stops(stop))
            {
                if (state.Step == stage.End)
                    Enter(stages[stage.Index + 1]);
                Epoch((int)(state.Step / plan.StepsPerEpoch), stop);
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
            KeepRecipe();
            SaveResume();
        }
        return new TrainResult(
            state.Step, finished, best, state.BestEpoch, state.Seconds + clock.Elapsed.TotalSeconds, speed.Mean);
    }

    // Each stage has a scaler of its own, as it has an optimiser of its own.
    TrainingStage StageOf(StageSpan span) => new(
        span, learner, weights, recipe.Train, plan.StepsPerEpoch, pass, compute == ScalarType.Float16 ? new LossScaler() : null, team,
        request.Timeline);

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

    /// <summary>One pass over the data from wherever the run stands in it.</summary>
    void Epoch(int epoch, CancellationToken stop)
    {
        stage.Begin();
        var end = Math.Min((epoch + 1L) * plan.StepsPerEpoch, plan.Steps);
        var firstBatch = (int)(state.Step - (long)epoch * plan.StepsPerEpoch) * plan.Accumulate;
        speed.Begin();
        using var batches = stage.Batches(epoch, firstBatch);
        while (state.Step < end && !Stops(stop))
        {
            var rate = stage.RateAt(state.Step);
            var value = Step(batches, stop);
            if (!double.IsFinite(value) && !stage.WasLeftOut)
                throw Diverged($"the loss is {value} at step {state.Step + 1}");
            state = state with { Step = state.Step + 1, EpochOpen = state.Step + 1 == end };
            KeepRecipe();
            var recent = speed.Add(plan.ImagesPerStep);
            watcher.Stepped(state.Step, epoch + 1, value, rate, recent);
            if (log is not null && (state.Step % recipe.Train.LogEvery == 0 || state.EpochOpen))
            {
                checkpoints.Writing(request.Folder.Metrics, state.Step, () => log.Step(state.Step, epoch + 1, value, rate, recent));
                events!.Step(state.Step, value, rate, recent);
                speed.Logged();
            }
        }
        if (state.EpochOpen)
            EndEpoch(stop);
    }

    // Processes stop after the same step: each says in a step whether it was asked to.
    bool Stops(CancellationToken stop) => team.IsShared ? stage.Stops : stop.IsCancellationRequested;

    double Step(IEnumerator<ITrainingBatch> batches, CancellationToken stop)
    {
        try
        {
            return stage.Step(batches, state.Step, stop);
        }
        catch (Exception error) when (
            error is not OperationCanceledException && state.Step > 0 && !stage.HasComputed && !team.IsShared)
        {
            // The batch could not be read: nothing of the step is done, so what was trained before it can be kept.
            SaveResume();
            watcher.Says($"saved after step {state.Step}: mend what the error names, then --resume continues there");
            throw;
        }
    }

    /// <summary>Writes the recipe once there is something to keep: a folder with a recipe holds a run.</summary>
    void KeepRecipe()
    {
        if (isKept || !team.IsFirst)
            return;
        var file = request.Folder.Recipe;
        checkpoints.Writing(file, state.Step, () => AtomicFile.Write(file, Encoding.UTF8.GetBytes(resolved)));
        isKept = true;
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
        var isScored = state.Step >= plan.Steps
            || (stage.Plan.IsScored && recipe.Validate.Every > 0 && epoch % recipe.Validate.Every == 0);
        var isSaved = state.Step >= plan.Steps || epoch % recipe.Save.Every == 0;
        RequireFinite();
        // Before the validation: whatever ends that, the epoch is not to be trained again.
        if (isScored && isSaved)
            Save(epoch);
        if (isScored)
            ValidateOrSave(epoch, isSaved, stop);
        state = state with { EpochOpen = false };
        if (IsOver || isSaved)
            Save(epoch);
    }

    /// <summary>Saves the newest weights, and everything that resuming needs.</summary>
    void Save(int epoch)
    {
        team.First(() => Averaged(() => checkpoints.SaveWeights(request.Folder.Last, epoch, state)));
        SaveResume();
    }

    /// <summary>Does something with the average in the network, where there is one.</summary>
    void Averaged(Action action)
    {
        stage.Average?.Swap();
        try
        {
            action();
        }
        finally
        {
            stage.Average?.Swap();
        }
    }

    void ValidateOrSave(int epoch, bool isSaved, CancellationToken stop)
    {
        try
        {
            Averaged(() => Validate(epoch, team.IsShared ? CancellationToken.None : stop));
        }
        catch (Exception error) when (error is not (OperationCanceledException or TrainingException or ProcessException))
        {
            if (!isSaved && !team.IsShared)
                Save(epoch);
            throw new TrainingException(
                $"the validation after epoch {epoch} failed: {error.Message.TrimEnd('.')}; the epoch's weights are in "
                + $"{request.Folder.Last}, and --resume continues with the validation", error);
        }
    }

    void Validate(int epoch, CancellationToken stop)
    {
        // The weights are the same everywhere; statistics are where batch norms count over all processes.
        if (!recipe.Train.SyncBatchNorm)
            team.Spread(weights.Buffers.Select(b => b.Value));
        var validation = Timeline.Within(request.Timeline, "validation", () => learner.Validate(stop));
        state = team.First(() => Scored(epoch, validation!));
    }

    /// <summary>Writes a validation, keeps the weights if they are the best, and returns the state after it.</summary>
    ResumeState Scored(int epoch, Validation validation)
    {
        checkpoints.Writing(request.Folder.Metrics, state.Step, () => log!.Validation(state.Step, epoch, validation));
        events!.Validation(state.Step, validation);
        var isBest = validation.IsBetterThan(best);
        state = state with { Stale = isBest ? 0 : state.Stale + 1 };
        if (isBest)
        {
            best = validation;
            state = state with { BestScore = validation.Main.Value, BestEpoch = epoch };
            checkpoints.SaveWeights(request.Folder.Best, epoch, state);
        }
        foreach (var remark in validation.Remarks.Concat(ValidationFolder.Keep(request.Folder, state.Step, validation)))
            Warn(remark);
        watcher.Validated(epoch, validation, isBest);
        if (state.Stale == recipe.Validate.Patience && state.Step < plan.Steps)
            watcher.Says($"no better {validation.Main.Title} in {state.Stale} validations: "
                + $"the run ends after epoch {epoch}, best was epoch {state.BestEpoch}");
        return state;
    }

    void SaveResume()
    {
        var random = team.Gather(ResumeState.RandomOf(weights.Device));
        team.First(() => SaveResume(random));
    }

    void SaveResume(IReadOnlyList<byte[]> random) => checkpoints.SaveResume(
        state with
        {
            Processes = team.Size,
            Arithmetic = ResumeState.ArithmeticHere(),
            Seconds = state.Seconds + clock.Elapsed.TotalSeconds,
            Threads = request.Threads,
            LossScale = stage.Scaler?.Scale ?? 0,
            LossScaleSteps = stage.Scaler?.GoodSteps ?? 0,
        },
        stage, random);

    // A finite loss may still have had an infinite gradient, which must not replace good weights.
    void RequireFinite()
    {
        if (checkpoints.NotFinite() is { } key)
            throw Diverged($"{key} is no longer finite after step {state.Step}");
    }

    void Warn(string line)
    {
        // A report says once what every validation says again.
        if (!warnings.Contains(line))
            warnings.Add(line);
        watcher.Says(line);
    }
}
