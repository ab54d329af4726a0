using Hwaso.Data;
using Hwaso.Data.Loading;
using Hwaso.Graph;
using Hwaso.Inference;
using Hwaso.Metrics;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>A segmentation network while it learns: its batches, its validation and its part of the report.</summary>
sealed class SegmentationLearner : ILearner
{
    // Of many bad images, a log has room for these.
    const int MostNamed = 5;

    readonly SegmentationNet net;
    readonly Recipe recipe;
    readonly RecipeFile file;
    readonly SegmentationData data;
    readonly Normalisation normalisation;
    readonly Segmenter segmenter;
    readonly Loader loader;
    readonly Team team;

    /// <summary>Prepares the loader and the validation.</summary>
    /// <param name="net">The network.</param>
    /// <param name="recipe">The resolved recipe.</param>
    /// <param name="file">The places of the recipe's keys.</param>
    /// <param name="data">The splits.</param>
    /// <param name="threads">Threads that read images, unless the recipe says how many.</param>
    /// <param name="team">The processes that share each batch and the validation.</param>
    /// <param name="timeline">Records when threads read images; null to record nothing.</param>
    public SegmentationLearner(SegmentationNet net, Recipe recipe, RecipeFile file, SegmentationData data, int threads, Team team,
        Timeline? timeline = null)
    {
        (this.net, this.recipe, this.file, this.data, this.team) = (net, recipe, file, data, team);
        normalisation = new Normalisation([.. recipe.Augment.Mean], [.. recipe.Augment.Std]);
        segmenter = Segmenter.Of(net, normalisation, new Views { Size = recipe.Validate.Size, PadSmallTo = recipe.Augment.Crop },
            threshold: recipe.Validate.Threshold);
        loader = LoaderOf(recipe, data, recipe.Data.Workers ?? threads, team.ShareOf(recipe.Train.Batch), timeline);
    }

    /// <inheritdoc/>
    public string OutputText => recipe.Validate.Threshold is { } threshold
        ? FormattableString.Invariant($"2 classes, told apart by one channel at a threshold of {threshold}") : $"{net.Classes} classes";

    /// <inheritdoc/>
    public IReadOnlyList<string> HeadPaths => net.HeadPaths;

    /// <summary>Copies one decoder to the other, where the stage begins with that.</summary>
    public void Enter(int stage)
    {
        if (net is not UNetMultiDecoder decoders)
            return;
        if (RecipeOf(stage)?.Copy == DecoderCopy.DepthToSemantic)
            decoders.CopyDepthToSemantic();
        else if (RecipeOf(stage)?.Copy == DecoderCopy.SemanticToDepth)
            decoders.CopySemanticToDepth();
    }

    /// <inheritdoc/>
    public ILearnerStage Stage(int stage) =>
        new SegmentationStage(
            net, ObjectiveFactory.Of(net, recipe.Loss, file, RecipeOf(stage)), RecipeOf(stage), loader, data.Training, Batches);

    /// <summary>Forward passes of the run.</summary>
    long Batches => recipe.Train.Iterations is { } steps
        ? (long)steps * recipe.Train.Accumulate : (long)recipe.Train.Epochs!.Value * loader.BatchesPerEpoch;

    /// <inheritdoc/>
    public Validation Validate(CancellationToken stop)
    {
        var images = new ValidatedImages(data.Validation.Classes);
        var (confusion, failed, scores) = CountShared(images, stop);
        var remarks = failed.Take(MostNamed).Select(f => $"{f.Problem}; the validation left this image out").ToList();
        if (failed.Count > MostNamed)
            remarks.Add($"the validation left out {failed.Count} of {data.Validation.Samples.Count} images in all");
        if (confusion.TotalPixels == 0)
            remarks.Add($"not one pixel of {data.Validation.Name} that could be read is labelled, so there is no score; look at its masks "
                + "with hwaso dataset check");
        return SegmentationScores.Of(confusion, data.Training.Classes) with
        {
            Remarks = remarks,
            Files = team.IsFirst ? images.Files(scores) : [],
        };
    }

    /// <summary>Every process counts its part of the images; whole numbers added are the same whoever counted.</summary>
    (ConfusionMatrix Confusion, List<ImageFailure> Failed, List<ImageScore> Scores) CountShared(
        ValidatedImages images, CancellationToken stop)
    {
        var own = new List<ImageFailure>();
        var part = Evaluator.Count(
            segmenter, data.Validation, failed: own.Add, first: team.Rank, step: team.Size, looked: images.Add, stop: stop);
        var confusion = new ConfusionMatrix(part.Classes);
        var (failed, scores) = (new List<ImageFailure>(), new List<ImageScore>());
        foreach (var counted in team.GatherOf(new Counted(part.ToCounts(), [.. own], [.. images.Scores])))
        {
            confusion.Add(ConfusionMatrix.FromCounts(counted.Counts));
            failed.AddRange(counted.Failed);
            scores.AddRange(counted.Scores);
        }
        return (confusion, failed, scores);
    }

    /// <inheritdoc/>
    public long CountMacs() =>
        Cost.Of(NetworkGraph.Of(net, [1, normalisation.Channels, recipe.Augment.Crop.Height, recipe.Augment.Crop.Width])).Macs;

    /// <inheritdoc/>
    public RunReportData Describe(RunReportData page, IReadOnlyList<LoggedValidation> validations)
    {
        var classes = data.Validation.Classes;
        var counts = validations.Select(v => SegmentationScores.Confusion(v.Fields)).ToArray();
        var best = counts.MaxBy(c => Scores.Of(c).Miou ?? -1);
        var depth = net is UNetMultiDecoder decoders && recipe.Data.Depth is not null
            ? new DepthView(decoders, normalisation, data.ValidationDepth) : null;
        return page with
        {
            Subtitle = $"{recipe.Model.Name ?? recipe.Model.Family} on {data.Validation.Name}",
            Classes = classes.Entries,
            Validations =
            [
                .. validations.Zip(counts, (v, c) => new ValidationPoint(v.Epoch, v.Iteration, Scores.Of(c, classes.HasBackground))),
            ],
            Scores = best is null ? null : Scores.Of(best, classes.HasBackground),
            Confusion = best,
            Examples = new ReportExamples(segmenter, depth).Choose(data.Validation),
            Ignore = ClassList.Ignore,
        };
    }

    static Loader LoaderOf(Recipe recipe, SegmentationData data, int threads, BatchShare? share, Timeline? timeline) => new(
        data.Training,
        new Augmentation
        {
            CropHeight = recipe.Augment.Crop.Height,
            CropWidth = recipe.Augment.Crop.Width,
            BaseSize = recipe.Augment.BaseSize,
            ShortSize = recipe.Augment.ShortSize,
            MinScale = recipe.Augment.ScaleMin,
            MaxScale = recipe.Augment.ScaleMax,
            ScaleStep = recipe.Augment.ScaleStep,
            CatMaxRatio = recipe.Augment.CatMaxRatio,
            Flip = recipe.Augment.Flip,
            PhotometricDistortion = recipe.Augment.Photometric,
            Mean = [.. recipe.Augment.Mean],
            Std = [.. recipe.Augment.Std],
        },
        new LoaderOptions
        {
            BatchSize = recipe.Train.Batch,
            Share = share,
            Seed = recipe.Seed,
            Threads = threads,
            CacheBytes = (long)recipe.Data.CacheMb << 20,
            Watch = timeline is null ? null : timeline.Image,
            Balance = recipe.Data.ClassBalance > 0 ? ClassBalance.Of(data.Training, recipe.Data.ClassBalance, threads) : null,
        },
        data.Depth);

    sealed record Counted(long[] Counts, ImageFailure[] Failed, ImageScore[] Scores);

    TrainStageRecipe? RecipeOf(int stage) => recipe.Stages.Count == 0 ? null : recipe.Stages[stage];
}
