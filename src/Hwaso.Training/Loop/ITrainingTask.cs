using System.Text.Json.Nodes;
using Hwaso.Graph;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Torch;

namespace Hwaso.Training.Loop;

/// <summary>
/// What a recipe trains, with its data opened: segmentation, poses and boxes each implement this once. The loop owns everything else:
/// steps, schedules, precision, averages, checkpoints, resuming, stopping and the log.
/// </summary>
public interface ITrainingTask
{
    /// <summary>The recipe with the values that only data and command know, as the run's folder keeps it.</summary>
    Recipe Recipe { get; }

    /// <summary>Samples that one pass over the training split draws: images, or crops around people.</summary>
    int SampleCount { get; }

    /// <summary>The splits in words, for the log.</summary>
    string DataText { get; }

    /// <summary>The stages of training, in order, at least one.</summary>
    IReadOnlyList<StagePlan> Stages { get; }

    /// <summary>The name of the score that decides which weights are the best, such as <c>miou</c>.</summary>
    string MainScore { get; }

    /// <summary>What checkpoints say about the data beside the recipe, such as names and colours of classes.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads a validation back from the fields of its line in <c>metrics.jsonl</c>.</summary>
    Validation Read(JsonObject fields);

    /// <summary>Builds the network and its losses in shapes alone, so that errors come before the first step.</summary>
    /// <exception cref="RecipeException">The recipe describes no such network, or losses that do not fit it.</exception>
    void Check();

    /// <summary>Opens every file of both splits once, at most its header, so that a damaged one is named before hours of work.</summary>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <returns>A sentence for each file that validations will leave out.</returns>
    /// <exception cref="Exception">Files of the training split cannot be used; the message names them.</exception>
    IReadOnlyList<string> CheckFiles(CancellationToken stop);

    /// <summary>Counts the network that is deployed: its parameters, and its multiply-adds for one image.</summary>
    NetworkCost Cost(SizePx input);

    /// <summary>Builds the network with its first weights.</summary>
    /// <param name="weights">Where it is built.</param>
    /// <param name="pretrained">Whether to read the checkpoint that the recipe names; a run that resumes has weights of its own.</param>
    /// <param name="says">Gets a line about what was loaded.</param>
    /// <exception cref="RecipeException">The recipe describes no such network, or names a checkpoint of another.</exception>
    ILearner Build(Weights weights, bool pretrained, Action<string> says);
}

/// <summary>A task's network while it learns.</summary>
public interface ILearner
{
    /// <summary>The network's outputs in words, such as <c>19 classes</c>, for the log.</summary>
    string OutputText { get; }

    /// <summary>The names of the modules that learn at the head's rate.</summary>
    IReadOnlyList<string> HeadPaths { get; }

    /// <summary>Changes weights once before a stage begins; not when a run resumes within it.</summary>
    /// <param name="stage">The stage's index among <see cref="ITrainingTask.Stages"/>.</param>
    void Enter(int stage);

    /// <summary>The losses of a stage.</summary>
    /// <param name="stage">The stage's index among <see cref="ITrainingTask.Stages"/>.</param>
    /// <exception cref="RecipeException">The recipe's losses do not fit the network.</exception>
    ILearnerStage Stage(int stage);

    /// <summary>Scores the weights as they are on the validation split.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    Validation Validate(CancellationToken stop);

    /// <summary>Counts the multiply-adds of the network for one training image.</summary>
    long CountMacs();

    /// <summary>Adds the task's scores, curves and pictures to the page of a finished run, whose best weights are in the network.</summary>
    /// <param name="page">The page with everything that the loop knows.</param>
    /// <param name="validations">Every validation of the run, in order.</param>
    RunReportData Describe(RunReportData page, IReadOnlyList<LoggedValidation> validations);
}

/// <summary>What is learned in one stage: which weights, from which batches and losses.</summary>
public interface ILearnerStage : IDisposable
{
    /// <summary>Puts the network into training mode and lets this stage's weights learn; called before each pass over the data.</summary>
    void Begin();

    /// <summary>
    /// The batches of a pass over the data, as many as whole ones fit into its samples, and the same whenever they are asked for. Random
    /// choices within losses come from libtorch's generator, whose state a run saves.
    /// </summary>
    /// <param name="epoch">The pass, from 0.</param>
    /// <param name="firstBatch">The batch to begin with, from 0.</param>
    IEnumerable<ITrainingBatch> Batches(int epoch, int firstBatch);
}

/// <summary>The samples of one forward pass, in whatever form the task needs.</summary>
public interface ITrainingBatch : IDisposable
{
    /// <summary>What the batch holds in words, such as <c>4 images of 512x1024</c>, for errors.</summary>
    string Text { get; }

    /// <summary>The files that the samples are from; may be read after the batch is disposed.</summary>
    IEnumerable<string> Files { get; }

    /// <summary>The loss to minimise, a single float32 number.</summary>
    /// <param name="pass">Runs the network in the device, memory format and precision of the run.</param>
    Tensor Loss(ForwardPass pass);
}

/// <summary>
/// A batch whose loss can be recorded as a CUDA graph: its shapes are those of every batch, and nothing waits for the device.
/// </summary>
public interface IRecordableBatch : ITrainingBatch
{
    /// <summary>The tensors that the loss reads, on a device.</summary>
    Tensor[] Inputs(Device device);

    /// <summary>The loss of inputs that came from this batch or from another one, a single float32 number.</summary>
    /// <param name="pass">Runs the network in the device, memory format and precision of the run.</param>
    /// <param name="inputs">As <see cref="Inputs"/> returns them.</param>
    Tensor Loss(ForwardPass pass, Tensor[] inputs);
}

/// <summary>What a task says about one stage of training; a run without stages is one stage.</summary>
/// <param name="Epochs">Its length in passes over the training split; null for the whole run.</param>
/// <param name="Optimizer">Its own optimiser; null for the run's.</param>
/// <param name="IsScored">Whether validations within it are worth their time.</param>
/// <param name="Text">What it learns, in words, for the log; null for nothing to say.</param>
public sealed record StagePlan(int? Epochs = null, OptimizerRecipe? Optimizer = null, bool IsScored = true, string? Text = null);

/// <summary>What a network costs.</summary>
/// <param name="Parameters">Learnable parameters.</param>
/// <param name="Macs">Multiply-adds for one image: convolution and linear layers.</param>
public sealed record NetworkCost(long Parameters, long Macs)
{
    /// <summary>The cost of a network, from its shapes alone.</summary>
    /// <param name="build">Builds it.</param>
    /// <param name="input">The shape of its images, [1, C, H, W].</param>
    /// <exception cref="TorchException">It does not take images of this size.</exception>
    public static NetworkCost Of(Func<Weights, Net> build, params long[] input)
    {
        var parameters = 0L;
        var graph = NetworkGraph.Sketch(w =>
        {
            var net = build(w);
            parameters = w.ParameterCount;
            return net;
        }, input);
        return new NetworkCost(parameters, Cost.Of(graph).Macs);
    }
}
