using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Data.Checking;
using Hwaso.Graph;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Semantic segmentation, of networks with depth decoders in stages: labels, and depth where it is learned.</summary>
sealed class SegmentationTask : ITrainingTask
{
    // Of many bad files, an error has room for these.
    const int MostNamed = 5;

    readonly RecipeFile file;
    readonly SegmentationDefinition definition;
    readonly SegmentationData data;
    readonly int threads;
    readonly Team team;
    readonly Timeline? timeline;

    /// <summary>Opens the data.</summary>
    /// <exception cref="RecipeException">The data are not there, or the recipe does not fit them.</exception>
    public SegmentationTask(TrainRequest request, SegmentationDefinition definition)
    {
        // Another number would promise a speed that it does not bring.
        if (request.Recipe.Recipe.Validate.Batch is not 1 and var batch)
            throw request.Recipe.Error("validate.batch",
                $"{batch} is not 1: validation segments each image by itself, at its own size; remove the key");
        (file, this.definition, threads, team, timeline) = (request.Recipe, definition, request.Threads, request.Team, request.Timeline);
        data = SegmentationData.Open(request);
        var one = file.Recipe.HasOneChannel;
        Recipe = file.Recipe with
        {
            Data = file.Recipe.Data with { Root = data.Root },
            Model = Zoo.Resolve(file.Recipe.Model) with
            {
                Classes = one ? ModelRecipe.OneChannel : data.Training.Classes.Count,
            },
            Validate = file.Recipe.Validate with
            {
                Threshold = one ? file.Recipe.Validate.Threshold ?? LoadedModel.UsualThreshold : null,
            },
            Threads = request.Threads,
        };
    }

    /// <inheritdoc/>
    public Recipe Recipe { get; }

    int Channels => Recipe.Model.Classes!.Value;

    /// <inheritdoc/>
    public int SampleCount => data.Training.Samples.Count;

    /// <inheritdoc/>
    public string DataText => string.Join(", ", new[] { data.Training, data.Validation }.Select(s => $"{s.Name} {s.Samples.Count} images"));

    /// <inheritdoc/>
    public IReadOnlyList<StagePlan> Stages => Recipe.Stages.Count == 0 ? [new StagePlan()] : [.. Recipe.Stages.Select(PlanOf)];

    /// <inheritdoc/>
    public string MainScore => SegmentationScores.Main.Name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => new Dictionary<string, string>
    {
        [CheckpointMetadata.Classes] = CheckpointMetadata.WriteClasses(data.Training.Classes.Entries),
    };

    /// <inheritdoc/>
    public Validation Read(JsonObject fields) => SegmentationScores.Read(fields, data.Training.Classes);

    /// <inheritdoc/>
    public void Check() => NetworkGraph.Sketch(w =>
    {
        var net = definition.Build(w, Channels);
        foreach (var stage in Recipe.Stages.Cast<TrainStageRecipe?>().DefaultIfEmpty())
            ObjectiveFactory.Of(net, Recipe.Loss, file, stage).Dispose();
        return net;
    }, [1, definition.InChannels, Recipe.Augment.Crop.Height, Recipe.Augment.Crop.Width]);

    /// <inheritdoc/>
    /// <exception cref="DatasetException">Images of the training split, or all of the other one, cannot be used.</exception>
    public IReadOnlyList<string> CheckFiles(CancellationToken stop)
    {
        Refuse(FileCheck.Run(data.Training, threads, definition.InChannels, stop), data.Training, "trained");
        var left = FileCheck.Run(data.Validation, threads, definition.InChannels, stop);
        if (left.Count == data.Validation.Samples.Count)
            Refuse(left, data.Validation, "scored");
        return
        [
            .. left.Take(MostNamed).Select(p => $"{p.Path}: {p.Message}; validations will leave this image out"),
            .. left.Count > MostNamed ? [$"validations will leave out {left.Count} of {data.Validation.Samples.Count} images in all"]
                : Array.Empty<string>(),
        ];
    }

    static void Refuse(IReadOnlyList<DatasetProblem> problems, SegmentationDataset split, string use)
    {
        if (problems.Count == 0)
            return;
        var more = problems.Skip(1).Take(MostNamed - 1).Select(p => $"; {p.Path}: {p.Message}");
        var rest = problems.Count > MostNamed ? $"; and {problems.Count - MostNamed} more of {split.Samples.Count} images" : "";
        var hint = problems.Count > 1 ? "; hwaso dataset check lists everything" : "";
        throw new DatasetException(problems[0].Path, $"{problems[0].Message}{string.Concat(more)}{rest}; {split.Name} cannot be {use} with "
            + $"{(problems.Count == 1 ? "it" : "them")}{hint}");
    }

    /// <inheritdoc/>
    public NetworkCost Cost(SizePx input) =>
        NetworkCost.Of(w => definition.Deployed.Build(w, Channels), 1, definition.InChannels, input.Height, input.Width);

    /// <inheritdoc/>
    public ILearner Build(Weights weights, bool pretrained, Action<string> says)
    {
        SegmentationNet net;
        try
        {
            net = definition.Build(weights, Channels);
        }
        catch (ArgumentException error)
        {
            throw file.Error("model", error.Message);
        }
        InitialValues.Set(net, Recipe.Model.Init);
        if (pretrained && Recipe.Model.Pretrained is not null)
            PretrainedWeights.Load(weights, Recipe.Model, file, says);
        return new SegmentationLearner(net, Recipe, file, data, threads, team, timeline);
    }

    static StagePlan PlanOf(TrainStageRecipe stage)
    {
        var parts = string.Join(", ", stage.Learn).ToLowerInvariant();
        return new StagePlan(
            stage.Epochs, stage.Optimizer, IsScored: stage.SemanticWeight > 0,
            $"{stage.Name}: {parts} for {stage.Epochs} epoch{(stage.Epochs == 1 ? "" : "s")}");
    }
}
