using System.Runtime.InteropServices;
using Hwaso.Data.Boxes;
using Hwaso.Data.Loading;
using Hwaso.Graph;
using Hwaso.Inference.Boxes;
using Hwaso.Models.Detectors;
using Hwaso.Nn.Boxes;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Torch;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Tasks.Boxes;

/// <summary>A detector while it learns: its batches, its validation and its part of the report.</summary>
sealed class BoxLearner : ILearner
{
    readonly Detector net;
    readonly Recipe recipe;
    readonly BoxDataset validation;
    readonly BoxLoader loader;
    readonly BoxSampling sampling;
    readonly BoxValidator validator;
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
    public BoxLearner(Detector net, Recipe recipe, BoxDataset training, BoxDataset validation, int threads, Team team,
        Timeline? timeline = null)
    {
        (this.net, this.recipe, this.validation, this.threads, this.team) = (net, recipe, validation, threads, team);
        sampling = BoxSettings.TrainingOf(recipe, net.Config.Form) with { Masks = net.HasMasks };
        loader = new BoxLoader(training, sampling, new LoaderOptions
        {
            BatchSize = recipe.Train.Batch,
            Share = team.ShareOf(recipe.Train.Batch),
            Seed = recipe.Seed,
            Threads = recipe.Data.Workers ?? threads,
            CacheBytes = (long)recipe.Data.CacheMb << 20,
            Watch = timeline is null ? null : timeline.Image,
        });
        var finder = new BoxFinder(net, BoxSettings.TestOf(recipe, net.Config.Form), BoxSettings.LimitsOf(recipe));
        validator = new BoxValidator(finder, validation, [.. validation.Categories.Select(c => c.Id)]);
    }

    /// <inheritdoc/>
    public string OutputText => $"{net.Classes} categories";

    /// <inheritdoc/>
    public IReadOnlyList<string> HeadPaths => net.HeadPaths;

    /// <summary>Changes nothing: there is one stage.</summary>
    public void Enter(int stage)
    {
    }

    /// <inheritdoc/>
    public ILearnerStage Stage(int stage)
    {
        var counts = recipe.Detection!;
        return new BoxStage(net, new DetectorLosses(net, new SampleCounts(counts.Anchors, counts.Proposals)), loader);
    }

    /// <inheritdoc/>
    public Validation Validate(CancellationToken stop)
    {
        // Each process looks at every so many images.
        var parts = team.GatherOf(validator.Find(first: team.Rank, step: team.Size, stop: stop).ToArray());
        var found = Enumerable.Range(0, validation.Images.Count).Select(k => parts[k % team.Size][k / team.Size]);
        FoundObject[][] all = [.. found];
        return BoxScores.Of(validator.Score(all, threads), validator.ScoreMasks(all, threads));
    }

    /// <inheritdoc/>
    public long CountMacs()
    {
        var (height, width) = recipe.Augment.Crop;
        return Cost.Of(NetworkGraph.Of(net, [1, 3, sampling.Padded(height), sampling.Padded(width)])).Macs;
    }

    /// <inheritdoc/>
    public RunReportData Describe(RunReportData page, IReadOnlyList<LoggedValidation> validations) =>
        new BoxReport(validation, validator, threads).Describe(page, validations) with
        {
            Subtitle = $"{recipe.Model.Name ?? recipe.Model.Family} on {validation.Name}",
        };
}

/// <summary>What a detector learns.</summary>
/// <param name="net">The network.</param>
/// <param name="losses">Its losses.</param>
/// <param name="loader">Reads the batches.</param>
sealed class BoxStage(Detector net, DetectorLosses losses, BoxLoader loader) : ILearnerStage
{
    /// <inheritdoc/>
    public void Begin() => net.Train();

    /// <inheritdoc/>
    public IEnumerable<ITrainingBatch> Batches(int epoch, int firstBatch) =>
        loader.Epoch(epoch, firstBatch).Select(batch => new BoxTrainingBatch(losses, batch));

    /// <summary>Frees nothing.</summary>
    public void Dispose()
    {
    }
}

/// <summary>Images with the boxes of their objects.</summary>
/// <param name="losses">The losses.</param>
/// <param name="batch">The loader's batch; disposed with this.</param>
sealed class BoxTrainingBatch(DetectorLosses losses, BoxBatch batch) : ITrainingBatch
{
    /// <inheritdoc/>
    public string Text => $"{batch.Count} images of {batch.Height}x{batch.Width}";

    /// <inheritdoc/>
    public IEnumerable<string> Files => batch.Samples.Select(s => s.File).Distinct();

    /// <inheritdoc/>
    public Tensor Loss(ForwardPass pass)
    {
        var images = Tensor.From<float>(batch.Images, batch.Count, 3, batch.Height, batch.Width).To(pass.Device);
        DetectorImage[] sizes =
            [.. batch.Samples.Select(s => new DetectorImage(s.Size.Height, s.Size.Width, s.Size.ScaleX, s.Size.ScaleY))];
        DetectorTruth[] truths =
            [.. batch.Samples.Select(s => new DetectorTruth([.. MemoryMarshal.Cast<float, Box>(s.Boxes)], s.Labels)
            {
                Masks = s.Masks is { } masks ? [.. masks.Select(m => new ObjectMask(m.Left, m.Top, m.Width, m.Height, m.Bits))] : null,
            })];
        // Each image draws by itself, so that it draws the same whoever has the images before it.
        Random[] draws = [.. batch.Samples.Select(s => new Random(s.Seed))];
        return pass.Run(images, input => [losses.Of(input, sizes, truths, draws).Total])[0];
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose() => batch.Dispose();
}
