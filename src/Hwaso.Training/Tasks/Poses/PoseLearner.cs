using Hwaso.Data.Loading;
using Hwaso.Data.Poses;
using Hwaso.Graph;
using Hwaso.Inference.Poses;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Tasks.Poses;

/// <summary>A pose network while it learns: its batches, its validation and its part of the report.</summary>
sealed class PoseLearner : ILearner
{
    readonly PoseNet net;
    readonly Recipe recipe;
    readonly PoseDataset training, validation;
    readonly PoseLoader loader;
    readonly PoseValidator validator;
    readonly int threads;
    readonly Team team;

    /// <summary>Prepares the loader and the validation.</summary>
    /// <param name="net">The network.</param>
    /// <param name="recipe">The resolved recipe.</param>
    /// <param name="training">The split to learn from.</param>
    /// <param name="validation">The split to score on.</param>
    /// <param name="threads">Threads that read images, unless the recipe says how many.</param>
    /// <param name="team">The processes that share each batch.</param>
    /// <param name="timeline">Records when threads read images; null to record nothing.</param>
    public PoseLearner(PoseNet net, Recipe recipe, PoseDataset training, PoseDataset validation, int threads, Team team,
        Timeline? timeline = null)
    {
        (this.net, this.recipe, this.training, this.validation) = (net, recipe, training, validation);
        (this.threads, this.team) = (threads, team);
        loader = new PoseLoader(training, PoseSettings.SamplingOf(recipe), new LoaderOptions
        {
            BatchSize = recipe.Train.Batch,
            Share = team.ShareOf(recipe.Train.Batch),
            Seed = recipe.Seed,
            Threads = recipe.Data.Workers ?? threads,
            CacheBytes = (long)recipe.Data.CacheMb << 20,
            Watch = timeline is null ? null : timeline.Image,
        });
        var estimator = new PoseEstimator(net, PoseSettings.OptionsOf(recipe, validation.Description));
        validator = new PoseValidator(estimator, validation, recipe.Pose!, recipe.Validate.Batch);
    }

    /// <inheritdoc/>
    public string OutputText => $"{net.Joints} joints";

    /// <inheritdoc/>
    public IReadOnlyList<string> HeadPaths => net.HeadPaths;

    /// <summary>Changes nothing: there is one stage.</summary>
    public void Enter(int stage)
    {
    }

    /// <inheritdoc/>
    public ILearnerStage Stage(int stage) => new PoseStage(net, new JointsError(recipe.Pose!.Hardest), loader);

    /// <inheritdoc/>
    public Validation Validate(CancellationToken stop)
    {
        var people = validator.Estimate(first: team.Rank, step: team.Size, stop: stop);
        if (team.IsShared)
            people = validator.Join(team.GatherOf<FoundJoints[]>([.. people.Select(p => new FoundJoints(p.Joints, p.Score))]));
        // PCKh wants everyone, in order.
        var (keypoints, heads) = validator.Score(validation.HeadTruth is null ? validator.WithoutTwins(people) : people, threads);
        return keypoints is null ? PoseScores.Of(heads!)
            : PoseScores.Of(keypoints, JointShares.Of(keypoints.People, validation.Description), validation.Description);
    }

    /// <inheritdoc/>
    public long CountMacs() => Cost.Of(NetworkGraph.Of(net, [1, 3, recipe.Augment.Crop.Height, recipe.Augment.Crop.Width])).Macs;

    /// <inheritdoc/>
    public RunReportData Describe(RunReportData page, IReadOnlyList<LoggedValidation> validations) =>
        new PoseReport(validation, validator, threads).Describe(page, validations) with
        {
            Subtitle = $"{recipe.Model.Name ?? recipe.Model.Family} on {validation.Name}",
        };
}

/// <summary>What a pose network learns.</summary>
/// <param name="net">The network.</param>
/// <param name="error">Its loss.</param>
/// <param name="loader">Reads the batches.</param>
sealed class PoseStage(PoseNet net, JointsError error, PoseLoader loader) : ILearnerStage
{
    /// <inheritdoc/>
    public void Begin() => net.Train();

    /// <inheritdoc/>
    public IEnumerable<ITrainingBatch> Batches(int epoch, int firstBatch) =>
        loader.Epoch(epoch, firstBatch).Select(batch => new PoseTrainingBatch(net, error, batch));

    /// <summary>Frees nothing.</summary>
    public void Dispose()
    {
    }
}

/// <summary>People with the heat maps of their joints.</summary>
/// <param name="net">The network.</param>
/// <param name="error">Its loss.</param>
/// <param name="batch">The loader's batch; disposed with this.</param>
sealed class PoseTrainingBatch(PoseNet net, JointsError error, PoseBatch batch) : ITrainingBatch
{
    /// <inheritdoc/>
    public string Text => $"{batch.Count} people of {batch.Height}x{batch.Width}";

    /// <inheritdoc/>
    public IEnumerable<string> Files => batch.Files.Distinct();

    /// <inheritdoc/>
    public Tensor Loss(ForwardPass pass)
    {
        var images = Tensor.From<float>(batch.Images, batch.Count, 3, batch.Height, batch.Width).To(pass.Device);
        var targets = Tensor.From<float>(batch.Targets, batch.Count, batch.Joints, batch.MapHeight, batch.MapWidth).To(pass.Device);
        var weights = Tensor.From<float>(batch.Weights, batch.Count, batch.Joints, 1).To(pass.Device);
        return error.Of(pass.Run(images, input => [input.Apply(net)])[0], targets, weights);
    }

    /// <summary>Gives the buffers back.</summary>
    public void Dispose() => batch.Dispose();
}
