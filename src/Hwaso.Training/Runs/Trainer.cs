using System.Diagnostics;
using Hwaso.Checkpoints;
using Hwaso.Data.Loading;
using Hwaso.Graph;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Metrics;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;
using Hwaso.Training.Evaluation;

namespace Hwaso.Training.Runs;

/// <summary>Trains a recipe: steps, validations, checkpoints, log. With the same data, machine and thread count it gives the same weights, stopped and resumed or not.</summary>
public sealed class Trainer : IDisposable
{
    readonly TrainRequest request;
    readonly RunLog watcher;
    readonly Recipe recipe;
    readonly TrainData data;
    readonly TrainPlan plan;
    readonly Weights weights;
    readonly SegmentationNet net;
    readonly IReadOnlyList<StagePlan> stages;
    readonly ScalarType? compute;
    readonly Normalisation normalisation;
    readonly Segmenter segmenter;
    readonly Loader loader;
    readonly RunCheckpoints checkpoints;
    readonly MetricsLog log;
    readonly TensorBoardLog events;
    readonly Stopwatch clock = new();
    readonly List<string> warnings = [];
    TrainingStage stage;
    ResumeState state;
    Scores? best;

    /// <summary>Opens data and folder, builds the network and, to resume, puts everything back.</summary>
    /// <exception cref="RecipeException">The recipe asks for what there is not.</exception>
    /// <exception cref="TrainingException">The folder holds a run already, or none to resume.</exception>
    public Trainer(TrainRequest request, ITrainWatcher watcher)
    {
        var folder = request.Folder;
        (this.request, this.watcher) = (request, new RunLog(folder.Log, watcher));
        var goesOn = request.Resume && File.Exists(folder.Resume);
        if (request.Resume && !folder.Exists)
            throw new TrainingException($"{folder.Root}: nothing to resume: {folder.Resume} is not there; train without --resume to begin");
        if (!request.Resume && folder.Exists)
            throw new TrainingException($"{folder.Root} holds a run already; go on with --resume, or name another folder with --run");

        NetworkBuilder.Define(request.Recipe);
        data = TrainData.Open(request);
        recipe = Resolved(request.Recipe.Recipe, data, request.Threads);
        var resolved = recipe.ToYaml(folder.Recipe);
        plan = TrainPlan.Of(recipe.Train, data.Training.Samples.Count, recipe.Data.TrainSplit);
        stages = StagePlan.Of(recipe, plan);

        var slower = "";
        compute = ComputeType.Of(request.Recipe, request.Device, TorchInfo.ProcessorHasBFloat16, line => slower = line);
        folder.Make();
        if (slower.Length > 0)
            this.watcher.Says(slower);
        TorchInfo.Threads = request.Threads;
        TorchInfo.IsDeterministic = recipe.Train.Deterministic;
        RandomState.Seed((ulong)recipe.Seed);
        weights = Weights.Create(request.Device);
        try
        {
            net = NetworkBuilder.Build(weights, recipe, request.Recipe, pretrain: !goesOn, this.watcher.Says);
            if (recipe.Train.ChannelsLast && !weights.TrainsInChannelsLast)
            {
                this.watcher.Says("train.memory_format: contiguous, because libtorch fails on strided 1x1 convolutions of fewer than 8 channels in channels_last");
                recipe = recipe with { Train = recipe.Train with { ChannelsLast = false } };
            }
            if (recipe.Train.ChannelsLast)
                weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
            var saved = goesOn ? TensorFile.Read(folder.Resume) : null;
            state = saved is null ? new ResumeState(0, null, 0, 0, request.Threads) : ResumeState.Of(saved, resolved);
            if (saved is null)
                TrainingStage.Copy(stages[0], net);
            // Every stage is tried, so that the last one's errors come before the first step.
            foreach (var other in stages.Where(s => s.Index != state.Stage))
                StageOf(other).Dispose();
            stage = StageOf(stages[state.Stage]);
            if (saved is not null)
                ResumeState.Restore(saved, weights, stage.Optimiser, stage.Average);
            if (state.LossScale > 0)
                stage.Step.Scaler?.Restore(state.LossScale, state.LossScaleSteps);
            normalisation = new Normalisation([.. recipe.Augment.Mean], [.. recipe.Augment.Std]);
            segmenter = new Segmenter(net, normalisation, new InferenceOptions { Size = recipe.Validate.Size });
            loader = TrainingParts.Loader(recipe, data.Training, data.Depth, request.Threads);
            checkpoints = new RunCheckpoints(folder, weights, resolved, data.Training.Classes.Entries, this.watcher);
        }
        catch
        {
            Dispose();
            throw;
        }
        if (request.Resume && !goesOn)
            this.watcher.Says($"{folder.Root}: nothing was saved before it stopped; it begins anew");
        this.watcher.Introduces(recipe, net, [data.Training, data.Validation], request);
        if (state.Threads != request.Threads)
            Warn($"resumed with {request.Threads} threads, begun with {state.Threads}: sums may round otherwise, so the result may differ in its last bits");
        checkpoints.Writing(folder.Recipe, state.Step, () => File.WriteAllText(folder.Recipe, resolved));
        log = MetricsLog.Open(folder.Metrics, state.Step, validated: !state.EpochOpen);
        events = new TensorBoardLog(folder.Events, state.Step, data.Training.Classes.Names);
        best = log.Validations(data.Training.Classes.HasBackground).Select(v => v.Point.Scores).MaxBy(s => s.Miou ?? -1);
    }

    /// <summary>A recipe with what only data and command know: what a run's folder keeps.</summary>
    internal static Recipe Resolved(Recipe given, TrainData data, int? threads) => given with
    {
        Data = given.Data with { Root = data.Root },
        Model = Zoo.Resolve(given.Model) with { Classes = data.Training.Classes.Count },
        Threads = threads,
    };

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

    /// <summary>Writes the finished run's page, with pictures by the best weights, and its result for programs.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public RunSummary WriteReport(TrainResult result)
    {
        if (File.Exists(request.Folder.Best))
            WeightFile.Load(weights, TensorFile.Read(request.Folder.Best));
        var depth = net is UNetMultiDecoder decoders && recipe.Data.Depth is not null ? new DepthView(decoders, normalisation, data.ValidationDepth) : null;
        var crop = recipe.Augment.Crop;
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
            Macs = Cost.Of(NetworkGraph.Of(net, [1, 3, crop.Height, crop.Width])).Macs,
            Input = crop,
            Seconds = result.Seconds,
            // A run that was only finished off has none.
            ImagesPerSecond = result.ImagesPerSecond > 0 ? result.ImagesPerSecond : null,
            Device = request.Device.ToString(),
            Threads = request.Threads,
        };
        TrainReport.Write(request.Folder.Report, recipe, summary, new ReportExamples(segmenter, depth), data.Validation, log, result, warnings);
        // Last: a run that has it has everything.
        summary.Write(request.Folder.Result);
        return summary;
    }

    /// <summary>Frees network and optimiser.</summary>
    public void Dispose()
    {
        // The constructor comes here too, from wherever it failed. What comes next in this process is to choose for itself.
        TorchInfo.IsDeterministic = false;
        events?.Dispose();
        stage?.Dispose();
        weights.Dispose();
    }

    TrainResult Steps(CancellationToken stop)
    {
        watcher.Begins(plan, state.Step);
        Announce();
        clock.Start();
        var images = 0L;
        try
        {
            // Stopped in the middle of a validation, the run goes on with that.
            if (state.EpochOpen)
                EndEpoch(stop);
            while (!IsOver && !stop.IsCancellationRequested)
            {
                if (state.Step == stage.Plan.End)
                    Enter(stages[stage.Plan.Index + 1]);
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
        return new TrainResult(state.Step, finished, best, state.BestEpoch, state.Seconds + clock.Elapsed.TotalSeconds, images / Math.Max(clock.Elapsed.TotalSeconds, 1e-9));
    }

    TrainingStage StageOf(StagePlan which) => new(which, net, recipe, request.Recipe, plan.StepsPerEpoch, request.Device, compute);

    void Enter(StagePlan next)
    {
        stage.Dispose();
        TrainingStage.Copy(next, net);
        stage = StageOf(next);
        state = state with { Stage = next.Index };
        Announce();
    }

    void Announce()
    {
        if (stage.Plan.Recipe is { } now)
            watcher.Says($"stage {stage.Plan.Index + 1}/{stages.Count}, {now.Name}: {string.Join(", ", now.Learn).ToLowerInvariant()} for {now.Epochs} epoch{(now.Epochs == 1 ? "" : "s")}");
    }

    /// <summary>One pass over the data from wherever the run stands in it; returns the images seen.</summary>
    long Epoch(int epoch, CancellationToken stop)
    {
        stage.Begin();
        var end = Math.Min((epoch + 1L) * plan.StepsPerEpoch, plan.Steps);
        var firstBatch = (int)(state.Step - (long)epoch * plan.StepsPerEpoch) * plan.Accumulate;
        var images = 0L;
        var (logged, since) = (Stopwatch.GetTimestamp(), 0);
        using var batches = loader.Epoch(epoch, firstBatch).GetEnumerator();
        while (state.Step < end && !stop.IsCancellationRequested)
        {
            var rate = stage.RateAt(state.Step);
            var value = stage.Step.Run(batches, rate);
            if (!double.IsFinite(value) && !stage.Step.WasLeftOut)
                throw Diverged($"the loss is {value} at step {state.Step + 1}");
            state = state with { Step = state.Step + 1 };
            images += plan.Batch * plan.Accumulate;
            since += plan.Batch * plan.Accumulate;
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
        $"{what} on the batch of {data.Paths(stage.Step.Ids)}; " +
        (File.Exists(request.Folder.Last) ? $"the last good weights are in {request.Folder.Last}" : "no weights were saved yet")
        + $"; try a lower train.optimizer.learning_rate (now {stage.Rate}) or a longer warm-up, and check these images (hwaso dataset check)");

    /// <summary>Whether every step is done, or nothing has become better for as long as the recipe waits.</summary>
    bool IsOver => state.Step >= plan.Steps || state.Stale >= (recipe.Validate.Patience ?? int.MaxValue);

    void EndEpoch(CancellationToken stop)
    {
        var epoch = (int)((state.Step + plan.StepsPerEpoch - 1) / plan.StepsPerEpoch);
        RequireFinite();
        // What is scored and saved is the average, where there is one.
        stage.Average?.Swap();
        try
        {
            if (state.Step >= plan.Steps || (stage.IsScored && recipe.Validate.Every > 0 && epoch % recipe.Validate.Every == 0))
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
        var confusion = Evaluator.Count(segmenter, data.Validation, stop: stop);
        var scores = Scores.Of(confusion, data.Training.Classes.HasBackground);
        checkpoints.Writing(request.Folder.Metrics, state.Step, () => log.Validation(state.Step, epoch, scores, confusion));
        events.Validation(state.Step, scores);
        var isBest = best is null || (scores.Miou ?? 0) > (best.Miou ?? 0);
        state = state with { Stale = isBest ? 0 : state.Stale + 1 };
        if (isBest)
        {
            best = scores;
            state = state with { BestMiou = scores.Miou, BestEpoch = epoch };
            checkpoints.SaveWeights(request.Folder.Best, epoch, state);
        }
        watcher.Validated(epoch, scores, isBest);
        if (state.Stale == recipe.Validate.Patience && state.Step < plan.Steps)
            watcher.Says($"no better mIoU in {state.Stale} validations: the run ends after epoch {epoch}, best was epoch {state.BestEpoch}");
    }

    void SaveResume() => checkpoints.SaveResume(
        state with
        {
            Seconds = state.Seconds + clock.Elapsed.TotalSeconds,
            Threads = request.Threads,
            LossScale = stage.Step.Scaler?.Scale ?? 0,
            LossScaleSteps = stage.Step.Scaler?.GoodSteps ?? 0,
        },
        stage);

    // A finite loss may still have had an infinite gradient, and that must not replace weights that are good.
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
