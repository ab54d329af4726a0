namespace Hwaso.Recipes;

/// <summary>
/// Length, batch, optimiser and learning rate of a run. Exactly one of <see cref="Epochs"/> and <see cref="Iterations"/> is set; with
/// stages, to the sum of theirs.
/// </summary>
/// <param name="Batch">Images of one forward pass, at least 1.</param>
/// <param name="Optimizer">The optimiser.</param>
public sealed record TrainRecipe(int Batch, OptimizerRecipe Optimizer)
{
    /// <summary>Length in passes over the training split, at least 1; null where <see cref="Iterations"/> is set.</summary>
    public int? Epochs { get; init; }

    /// <summary>Length in optimiser steps, at least 1; null where <see cref="Epochs"/> is set.</summary>
    public int? Iterations { get; init; }

    /// <summary>Batches whose gradients are averaged into one optimiser step, at least 1.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>How the learning rate changes.</summary>
    public ScheduleRecipe Schedule { get; init; } = new();

    /// <summary>The greatest length of all gradients together, above 0; null for any.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Decay of the moving average of weights that is scored and saved, 0 up to 1; null for the weights themselves.</summary>
    public double? EmaDecay { get; init; }

    /// <summary>What batch norms learn.</summary>
    public BatchNormLearning BatchNorm { get; init; } = BatchNormLearning.All;

    /// <summary>Whether batch norms count over all processes that train as one, or each over its own part of the batch.</summary>
    public bool SyncBatchNorm { get; init; } = true;

    /// <summary>Whether tensors are kept channels last (NHWC), the faster order on most devices, or contiguous (NCHW).</summary>
    public bool ChannelsLast { get; init; } = true;

    /// <summary>Whether layers learn by Hwaso's own kernels where these are faster, in float32 on a processor, or by libtorch's.</summary>
    public bool OwnKernels { get; init; } = true;

    /// <summary>The type that products and convolutions compute in.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Whether only operators run that give the same bits at each run, on CUDA too.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Whether forward and backward are recorded once as a CUDA graph and replayed; CUDA alone, one batch a step.</summary>
    public bool CudaGraph { get; init; }

    /// <summary>Optimiser steps between two lines of the log and points of the curves, at least 1.</summary>
    public int LogEvery { get; init; } = 10;

    static readonly NamedValues<BatchNormLearning> BatchNorms =
        new(("learn", BatchNormLearning.All), ("keep_statistics", BatchNormLearning.KeepStatistics), ("freeze", BatchNormLearning.Nothing));

    static readonly NamedValues<Precision> Precisions =
        new(("float32", Precision.Float32), ("bfloat16", Precision.BFloat16), ("float16", Precision.Float16));

    static readonly NamedValues<bool> MemoryFormats = new(("channels_last", true), ("contiguous", false));

    static readonly NamedValues<bool> KernelSources = new(("libtorch", false), ("hwaso", true));

    internal static TrainRecipe Read(YamlMap map, OptimizerRecipe optimizer, ValueList<TrainStageRecipe> stages)
    {
        var (epochs, iterations) = (map["epochs"].Int(min: 1), map["iterations"].Int(min: 1));
        if (stages.Count > 0
            && (map["epochs"].Node
            ?? map["iterations"].Node) is { } length) throw length.Error("excludes 'stages', which have lengths of their own; remove it");
        if (stages.Count > 0) epochs = Together(map, stages);
        if (epochs is not null
            && iterations is not null) throw map["iterations"].Node!.Error("excludes 'train.epochs'; remove one of the two");
        var batch = map["batch"].Int(min: 1);
        var train = new TrainRecipe(batch ?? throw map.Missing("batch", "the number of images of a step"), optimizer);
        if (epochs is null && iterations is null) throw map.Missing("epochs", "the length of the run, as 'epochs' or as 'iterations'");
        if (map["ema_decay"].Number(min: 0,
            max: 1) is 1) throw map["ema_decay"].Node!.Error("1 would average nothing in; wants a number below 1, such as 0.999");
        if (map["cuda_graph"].Flag() == true && map["accumulate"].Int(min: 1) > 1)
            throw map["cuda_graph"].Node!.Error(
                "excludes 'train.accumulate': a graph holds one batch and its gradients; remove one of the two");
        return train with
        {
            Epochs = epochs,
            Iterations = iterations,
            Accumulate = map["accumulate"].Int(min: 1) ?? train.Accumulate,
            Schedule = ScheduleRecipe.Read(map.Section("schedule"), stages.Count > 0 ? stages.Min(stage => stage.Epochs) : epochs,
            iterations),
            ClipNorm = map["clip_norm"].Number(min: 0, aboveMin: true),
            EmaDecay = map["ema_decay"].Number(min: 0, max: 1),
            BatchNorm = map["batch_norm"].Choice(BatchNorms) ?? train.BatchNorm,
            SyncBatchNorm = map["sync_batch_norm"].Flag() ?? train.SyncBatchNorm,
            ChannelsLast = map["memory_format"].Choice(MemoryFormats) ?? train.ChannelsLast,
            OwnKernels = map["kernels"].Choice(KernelSources) ?? train.OwnKernels,
            Precision = map["precision"].Choice(Precisions) ?? train.Precision,
            Deterministic = map["deterministic"].Flag() ?? train.Deterministic,
            CudaGraph = map["cuda_graph"].Flag() ?? train.CudaGraph,
            LogEvery = map["log_every"].Int(min: 1) ?? train.LogEvery,
        };
    }

    static int Together(YamlMap map, ValueList<TrainStageRecipe> stages)
    {
        var epochs = stages.Sum(stage => (long)stage.Epochs);
        return epochs <= int.MaxValue ? (int)epochs : throw new RecipeException(map.Where,
            $"stages: {epochs} epochs together, above {int.MaxValue}; give the stages fewer epochs");
    }

    internal void Write(YamlWriter yaml, bool staged)
    {
        if (!staged) yaml.Int("epochs", Epochs);
        yaml.Int("iterations", Iterations);
        yaml.Int("batch", Batch);
        yaml.Int("accumulate", Accumulate);
        yaml.Section("optimizer", () => Optimizer.Write(yaml));
        yaml.Section("schedule", () => Schedule.Write(yaml));
        yaml.Number("clip_norm", ClipNorm);
        yaml.Number("ema_decay", EmaDecay);
        yaml.Text("batch_norm", BatchNorms.NameOf(BatchNorm));
        yaml.Flag("sync_batch_norm", SyncBatchNorm);
        yaml.Text("memory_format", MemoryFormats.NameOf(ChannelsLast));
        yaml.Text("kernels", KernelSources.NameOf(OwnKernels));
        yaml.Text("precision", Precisions.NameOf(Precision));
        yaml.Flag("deterministic", Deterministic);
        yaml.Flag("cuda_graph", CudaGraph);
        yaml.Int("log_every", LogEvery);
    }
}

/// <summary>What batch norms learn in training.</summary>
public enum BatchNormLearning
{
    /// <summary>Statistics of each batch are used and averaged; scale and shift learn.</summary>
    All,

    /// <summary>The statistics that the run begins with are used and stay; scale and shift learn.</summary>
    KeepStatistics,

    /// <summary>Neither statistics nor scale and shift change.</summary>
    Nothing,
}

/// <summary>
/// The type that products and convolutions compute in while training; weights, their gradients and the optimiser's state are float32
/// always.
/// </summary>
public enum Precision
{
    /// <summary>float32.</summary>
    Float32,

    /// <summary>bfloat16, where the device computes in it.</summary>
    BFloat16,

    /// <summary>float16 with loss scaling; CUDA alone.</summary>
    Float16,
}
