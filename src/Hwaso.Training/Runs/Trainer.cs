using System.Diagnostics;
using Hwaso.Data;
using Hwaso.Data.Loading;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Training.Inference;
using Hwaso.Training.Metrics;
using Hwaso.Training.Networks;
using Hwaso.Training.Recipes;

namespace Hwaso.Training.Runs;

/// <summary>Trains a recipe: steps, validations, checkpoints, log. With the same data, machine and thread count it gives the same weights, stopped and resumed or not.</summary>
public sealed class Trainer : IDisposable
{
    readonly TrainRequest request;
    readonly RunLog watcher;
    readonly Recipe recipe;
    readonly SegmentationDataset training, validation;
    readonly TrainPlan plan;
    readonly Weights weights;
    readonly SegmentationNet net;
    readonly Optimiser optimiser;
    readonly CrossEntropy loss;
    readonly LearningRatePolicy policy;
    readonly Segmenter segmenter;
    readonly Loader loader;
    readonly RunCheckpoints checkpoints;
    readonly MetricsLog log;
    readonly Stopwatch clock = new();
    readonly List<string> warnings = [];
    IReadOnlyList<string> batchIds = [];
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

        var given = request.Recipe.Recipe;
        var root = request.Data ?? given.Data.Root ?? throw request.Recipe.Error("data", "names no root; give the data set's folder with --data");
        if (!Datasets.Layouts.Contains(given.Data.Layout))
            throw request.Recipe.Error("data.layout", $"'{given.Data.Layout}' is no layout; {string.Join(" or ", Datasets.Layouts)} was wanted");
        training = Datasets.Open(given.Data.Layout, root, given.Data.TrainSplit);
        validation = Datasets.Open(given.Data.Layout, root, given.Data.ValSplit);
        if (given.Model.Classes is { } classes && classes != training.Classes.Count)
            throw request.Recipe.Error("model.classes", $"{classes}, but {training.Name} has {training.Classes.Count} classes");
        if (given.Loss.ClassWeights is { } classWeights && classWeights.Count != training.Classes.Count)
            throw request.Recipe.Error("loss.class_weights", $"holds {classWeights.Count} weights, {training.Name} has {training.Classes.Count} classes");
        recipe = given with
        {
            Data = given.Data with { Root = root },
            Model = given.Model with { Classes = training.Classes.Count },
            Threads = request.Threads,
        };
        var resolved = recipe.ToYaml(folder.Recipe);
        plan = TrainPlan.Of(recipe.Train, training.Samples.Count, recipe.Data.TrainSplit);

        folder.Make();
        TorchInfo.Threads = request.Threads;
        RandomState.Seed((ulong)recipe.Seed);
        weights = Weights.Create(request.Device);
        try
        {
            net = Build();
            optimiser = TrainingParts.Optimiser(recipe.Train.Optimizer, net);
            policy = TrainingParts.Policy(recipe.Train.Schedule, recipe.Train.Epochs is null ? 1 : plan.StepsPerEpoch);
            loss = new CrossEntropy(recipe.Loss.IgnoreIndex, recipe.Loss.ClassWeights?.ToArray(), alignCorners: net.AlignCorners);
            segmenter = new Segmenter(net, new Normalisation([.. recipe.Augment.Mean], [.. recipe.Augment.Std]), new InferenceOptions { Size = recipe.Validate.Size });
            loader = TrainingParts.Loader(recipe, training, request.Threads);
            checkpoints = new RunCheckpoints(folder, weights, optimiser, resolved, ClassInfos.Of(training.Classes), this.watcher);
            state = goesOn ? ResumeState.Load(folder.Resume, weights, optimiser, resolved) : new ResumeState(0, null, 0, 0, request.Threads);
        }
        catch
        {
            Dispose();
            throw;
        }
        if (request.Resume && !goesOn)
            this.watcher.Says($"{folder.Root}: nothing was saved before it stopped; it begins anew");
        this.watcher.Introduces(recipe, net, [training, validation], request);
        if (state.Threads != request.Threads)
            Warn($"resumed with {request.Threads} threads, begun with {state.Threads}: sums may round otherwise, so the result may differ in its last bits");
        checkpoints.Writing(folder.Recipe, state.Step, () => File.WriteAllText(folder.Recipe, resolved));
        log = MetricsLog.Open(folder.Metrics, state.Step, validated: !state.EpochOpen);
        best = log.Validations(training.Classes.HasBackground).Select(v => v.Point.Scores).MaxBy(s => s.Miou ?? -1);
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

    /// <summary>Writes the run's page, with pictures by the best weights.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void WriteReport(TrainResult result)
    {
        if (File.Exists(request.Folder.Best))
            WeightFile.Load(weights, Torch.Files.TensorFile.Read(request.Folder.Best));
        TrainReport.Write(request.Folder.Report, recipe, net, segmenter, validation, log, result, request.Device, warnings);
    }

    /// <summary>Frees network and optimiser.</summary>
    public void Dispose()
    {
        // The constructor comes here too, from wherever it failed.
        optimiser?.Dispose();
        loss?.Dispose();
        weights.Dispose();
    }

    SegmentationNet Build()
    {
        SegmentationNet made;
        try
        {
            made = ModelFactory.DefineSegmentation(recipe.Model).Build(weights, training.Classes.Count);
        }
        catch (ArgumentException error)
        {
            throw request.Recipe.Error("model", error.Message);
        }
        ModelFactory.Initialise(made, recipe.Model.Init);
        if (recipe.Model.Pretrained is { } pretrained && !File.Exists(request.Folder.Resume))
            watcher.Says(Pretrain(pretrained));
        if (recipe.Train.ChannelsLast)
            weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
        return made;
    }

    TrainResult Steps(CancellationToken stop)
    {
        watcher.Begins(plan, state.Step);
        clock.Start();
        var images = 0L;
        try
        {
            // Stopped in the middle of a validation, the run goes on with that.
            if (state.EpochOpen)
                EndEpoch(stop);
            while (state.Step < plan.Steps && !stop.IsCancellationRequested)
                images += Epoch((int)(state.Step / plan.StepsPerEpoch), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was done is saved below.
        }
        var finished = state.Step >= plan.Steps && !state.EpochOpen;
        if (!finished)
        {
            RequireFinite();
            SaveResume();
        }
        return new TrainResult(state.Step, finished, best, state.BestEpoch, state.Seconds + clock.Elapsed.TotalSeconds, images / Math.Max(clock.Elapsed.TotalSeconds, 1e-9));
    }

    /// <summary>One pass over the data from wherever the run stands in it; returns the images seen.</summary>
    long Epoch(int epoch, CancellationToken stop)
    {
        net.Train();
        var end = Math.Min((epoch + 1L) * plan.StepsPerEpoch, plan.Steps);
        var firstBatch = (int)(state.Step - (long)epoch * plan.StepsPerEpoch) * plan.Accumulate;
        var images = 0L;
        var (logged, since) = (Stopwatch.GetTimestamp(), 0);
        using var batches = loader.Epoch(epoch, firstBatch).GetEnumerator();
        while (state.Step < end && !stop.IsCancellationRequested)
        {
            var rate = policy.At(state.Step, plan.Steps, recipe.Train.Optimizer.LearningRate);
            var value = Step(batches, rate);
            state = state with { Step = state.Step + 1 };
            images += plan.Batch * plan.Accumulate;
            since += plan.Batch * plan.Accumulate;
            state = state with { EpochOpen = state.Step == end };
            var speed = since / Stopwatch.GetElapsedTime(logged).TotalSeconds;
            watcher.Stepped(state.Step, epoch + 1, value, rate, speed);
            if (state.Step % recipe.Train.LogEvery == 0 || state.EpochOpen)
            {
                checkpoints.Writing(request.Folder.Metrics, state.Step, () => log.Step(state.Step, epoch + 1, value, rate, speed));
                (logged, since) = (Stopwatch.GetTimestamp(), 0);
            }
        }
        if (state.EpochOpen)
            EndEpoch(stop);
        return images;
    }

    double Step(IEnumerator<Batch> batches, double rate)
    {
        using var scope = new Scope();
        var sum = 0.0;
        optimiser.LearningRate = rate;
        for (var k = 0; k < plan.Accumulate; k++)
        {
            batches.MoveNext();
            using var batch = batches.Current;
            sum += Backward(batch);
        }
        optimiser.Step();
        optimiser.ZeroGrad();
        return sum / plan.Accumulate;
    }

    double Backward(Batch batch)
    {
        using var scope = new Scope();
        try
        {
            var (images, labels) = batch.ToTensors(request.Device);
            var value = loss.Of(net.Call(recipe.Train.ChannelsLast ? images.Contiguous(MemoryFormat.ChannelsLast) : images), labels);
            var number = value.Item();
            batchIds = batch.Ids;
            if (!double.IsFinite(number))
                throw Diverged($"the loss is {number} at step {state.Step + 1}");
            (plan.Accumulate == 1 ? value : value / plan.Accumulate).Backward();
            return number;
        }
        catch (TorchException error) when (error.IsOutOfMemory)
        {
            throw new TrainingException($"too little memory for {batch.Count} images of {batch.Height}x{batch.Width}: use a smaller train.batch (and train.accumulate to keep the step's size) or augment.crop; {error.Message}", error);
        }
    }

    TrainingException Diverged(string what) => new(
        $"{what} on the batch of {string.Join(", ", batchIds.Select(id => training.Samples.First(s => s.Id == id).ImagePath))}; " +
        (File.Exists(request.Folder.Last) ? $"the last good weights are in {request.Folder.Last}" : "no weights were saved yet")
        + $"; try a lower train.optimizer.learning_rate (now {recipe.Train.Optimizer.LearningRate}) or a longer warm-up, and check these images (hwaso dataset check)");

    void EndEpoch(CancellationToken stop)
    {
        var epoch = (int)((state.Step + plan.StepsPerEpoch - 1) / plan.StepsPerEpoch);
        RequireFinite();
        var last = state.Step >= plan.Steps;
        if (last || (recipe.Validate.Every > 0 && epoch % recipe.Validate.Every == 0))
            Validate(epoch, stop);
        state = state with { EpochOpen = false };
        if (last || epoch % recipe.Save.Every == 0)
        {
            checkpoints.SaveWeights(request.Folder.Last, epoch, state);
            SaveResume();
        }
    }

    void Validate(int epoch, CancellationToken stop)
    {
        var confusion = Evaluator.Count(segmenter, validation, stop: stop);
        var scores = Scores.Of(confusion, training.Classes.HasBackground);
        checkpoints.Writing(request.Folder.Metrics, state.Step, () => log.Validation(state.Step, epoch, scores, confusion));
        var isBest = best is null || (scores.Miou ?? 0) > (best.Miou ?? 0);
        if (isBest)
        {
            best = scores;
            state = state with { BestMiou = scores.Miou, BestEpoch = epoch };
            checkpoints.SaveWeights(request.Folder.Best, epoch, state);
        }
        watcher.Validated(epoch, scores, isBest);
    }

    void SaveResume() => checkpoints.SaveResume(state with { Seconds = state.Seconds + clock.Elapsed.TotalSeconds, Threads = request.Threads });

    // A finite loss may still have had an infinite gradient, and that must not replace weights that are good.
    void RequireFinite()
    {
        if (checkpoints.NotFinite() is { } key)
            throw Diverged($"{key} is no longer finite after step {state.Step}");
    }

    string Pretrain(string path)
    {
        var report = WeightFile.Load(weights, Torch.Files.TensorFile.Read(path), recipe.Model.SkipMismatched);
        return $"{path}: {report.Loaded.Count} tensors loaded, {report.Missing.Count} missing, {report.Unexpected.Count} unexpected, {report.Mismatched.Count} of another shape left out";
    }

    void Warn(string line)
    {
        warnings.Add(line);
        watcher.Says(line);
    }
}
