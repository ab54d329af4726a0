using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Data.Boxes;
using Hwaso.Data.Checking;
using Hwaso.Inference.Boxes;
using Hwaso.Models.Detectors;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime.Boxes;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Tasks.Boxes;

/// <summary>Detection: a network learns the boxes and categories of objects.</summary>
sealed class BoxTask : ITrainingTask
{
    readonly RecipeFile file;
    readonly DetectorDefinition definition;
    readonly BoxDataset training, validation;
    readonly int threads;
    readonly Team team;
    readonly Timeline? timeline;

    /// <summary>Opens the data.</summary>
    /// <exception cref="RecipeException">The data are not there, or the recipe does not fit them.</exception>
    public BoxTask(TrainRequest request, DetectorDefinition definition)
    {
        (file, this.definition, threads, team, timeline) = (request.Recipe, definition, request.Threads, request.Team, request.Timeline);
        var given = file.Recipe;
        var root = request.Data ?? given.Data.Root
            ?? throw file.Error("data", "names no root; give the data set's folder with --data");
        Refuse(given);
        var detection = given.Detection ?? new DetectionRecipe();
        var masks = definition.Detection.Masks;
        var all = BoxLayouts.Open(given.Data.Layout, root, given.Data.TrainSplit, outlines: masks);
        training = all.ForTraining(detection.Background);
        validation = BoxLayouts.Open(given.Data.Layout, root, given.Data.ValSplit, outlines: masks);
        var classes = training.Categories.Count;
        if (given.Model.Classes is { } wanted && wanted != classes)
            throw file.Error("model.classes", $"{wanted}, but {training.Name} has {classes} categories; remove it");
        if (!validation.Categories.Select(c => (c.Id, c.Name)).SequenceEqual(training.Categories.Select(c => (c.Id, c.Name))))
            throw file.Error(
                "data.val", $"{validation.Name} lists other categories than {training.Name}; both files must list the same ones");
        if (training.Images.Count == 0)
            throw file.Error("data.train", $"not one of the {all.Images.Count} images of {training.Name} has an object to learn from; "
                + "a split with annotations was wanted");
        if (validation.Images.All(image => image.Objects.Count == 0))
            throw file.Error("data.val", $"{validation.Name} has no annotations, by which it is scored");
        Recipe = given with
        {
            Data = given.Data with { Root = root },
            Model = Zoo.Resolve(given.Model) with { Classes = classes },
            Threads = request.Threads,
            Detection = detection,
        };
    }

    /// <inheritdoc/>
    public Recipe Recipe { get; }

    /// <inheritdoc/>
    public int SampleCount => training.Images.Count;

    /// <inheritdoc/>
    public string DataText => string.Join(", ", new[] { training, validation }.Select(s =>
        $"{s.Name} {s.Images.Count} images with {s.Images.Sum(i => i.Objects.Count(o => !o.IsCrowd))} objects"));

    /// <inheritdoc/>
    public IReadOnlyList<StagePlan> Stages => [new StagePlan()];

    /// <inheritdoc/>
    public string MainScore => BoxScores.Ap;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => new Dictionary<string, string>
    {
        [BoxMetadata.Key] = BoxSettings.MetadataOf(Recipe, training.Categories).Write(),
    };

    /// <inheritdoc/>
    public Validation Read(JsonObject fields) => BoxScores.Read(fields);

    /// <inheritdoc/>
    public void Check() => Cost(Recipe.Augment.Crop);

    /// <inheritdoc/>
    public IReadOnlyList<string> CheckFiles(CancellationToken stop)
    {
        // The scores are of all images: one that validation cannot read is refused as well.
        FileCheck.Require(
            training.Images.Concat(validation.Images).Select(image => image.Path), $"{training.Name} and {validation.Name}",
            "hwaso dataset check --layout coco", threads, stop);
        if (definition.Detection.Masks)
            CheckMasks(stop);
        return [];
    }

    /// <summary>Every object that is learned from has pixels that fit its image.</summary>
    void CheckMasks(CancellationToken stop) => Parallel.ForEach(
        training.Images, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = stop }, image =>
        {
            foreach (var one in image.Objects.Where(o => !o.IsCrowd))
                if (one.Outline is not { } outline)
                    throw Unusable(image, one, "has no 'segmentation', from which masks are learned; a faster-rcnn learns boxes alone");
                else
                    try
                    {
                        InstanceMask.MaskOf(outline, image.Height, image.Width);
                    }
                    catch (FormatException error)
                    {
                        throw Unusable(image, one, $"{error.Message}; hwaso dataset check --layout coco lists all such", error);
                    }
        });

    DatasetException Unusable(BoxImage image, BoxObject one, string problem, Exception? inner = null) =>
        new(training.Truth.Path, $"annotation {one.Id} of image {image.Id}: {problem}", inner);

    /// <inheritdoc/>
    public NetworkCost Cost(SizePx input)
    {
        var sampling = BoxSettings.TestOf(Recipe, definition.Detection.Form);
        return NetworkCost.Of(
            w => definition.Build(w, training.Categories.Count), 1, 3, sampling.Padded(input.Height), sampling.Padded(input.Width));
    }

    /// <inheritdoc/>
    public ILearner Build(Weights weights, bool pretrained, Action<string> says)
    {
        Detector net;
        try
        {
            net = definition.Build(weights, training.Categories.Count);
        }
        catch (ArgumentException error)
        {
            throw file.Error("model", error.Message);
        }
        InitialValues.Set(net, Recipe.Model.Init);
        if (pretrained && Recipe.Model.Pretrained is not null)
            PretrainedWeights.Load(weights, Recipe.Model, file, says);
        return new BoxLearner(net, Recipe, training, validation, threads, team, timeline);
    }

    void Refuse(Recipe given)
    {
        if (!BoxLayouts.All.Contains(given.Data.Layout))
            throw file.Error("data.layout", $"'{given.Data.Layout}' holds no boxes; {string.Join(" or ", BoxLayouts.All)} was wanted");
        if (given.Stages.Count > 0)
            throw file.Error("stages", "a detector learns in one stage; remove them");
        if (given.Train.Precision != Precision.Float32)
            throw file.Error("train.precision", "detectors train in float32: the choice of boxes needs its digits; remove it");
        if (given.Train.CudaGraph)
            throw file.Error("train.cuda_graph", "a detector's steps differ in the number of boxes and cannot be recorded; remove it");
        if (given.Data.ClassBalance > 0)
            throw file.Error("data.class_balance", "balances classes of pixels; remove it");
        if (given.Augment.Photometric)
            throw file.Error("augment.photometric", "is for segmentation; remove it");
        if (given.Augment.CatMaxRatio is not null)
            throw file.Error("augment.cat_max_ratio", "is for segmentation; remove it");
        foreach (var (key, size) in new[] { ("augment.crop", (SizePx?)given.Augment.Crop), ("validate.size", given.Validate.Size) })
            if (size is var (shorter, longer) && (shorter > longer || shorter < ShortestSide))
                throw file.Error(key, $"[{shorter}, {longer}]; the short side that images are fitted into, at least {ShortestSide}, "
                    + "then the long one was wanted, such as [800, 1333]");
    }

    // The coarsest map has a pixel for each 64 of the image.
    const int ShortestSide = 64;
}
