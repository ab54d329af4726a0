using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Data.Layouts;
using Hwaso.Data.Loading;
using Hwaso.Data.Panoptic;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>The splits that a run learns from and is scored on.</summary>
/// <param name="Root">The data set's folder.</param>
/// <param name="Training">The split to learn from.</param>
/// <param name="Validation">The split to score on.</param>
/// <param name="Depth">The depth, or the numbers of segments, of the training split; null where none are learned.</param>
/// <param name="ValidationDepth">The depth of the other split, for pictures; not every image need have some.</param>
sealed record SegmentationData(
    string Root, SegmentationDataset Training, SegmentationDataset Validation, DepthSource? Depth, DepthSource? ValidationDepth)
{
    /// <summary>Opens both splits and checks that the recipe fits their classes.</summary>
    /// <exception cref="RecipeException">
    /// The recipe names no folder, an unknown layout, other classes, or depth that images lack.
    /// </exception>
    public static SegmentationData Open(TrainRequest request)
    {
        var given = request.Recipe.Recipe;
        var root = request.Data ?? given.Data.Root
            ?? throw request.Recipe.Error("data", "names no root; give the data set's folder with --data");
        if (!Datasets.Layouts.Contains(given.Data.Layout))
            throw request.Recipe.Error(
                "data.layout", $"'{given.Data.Layout}' is no layout; {string.Join(" or ", Datasets.Layouts)} was wanted");
        var training = Datasets.Open(given.Data.Layout, root, given.Data.TrainSplit);
        var validation = Datasets.Open(given.Data.Layout, root, given.Data.ValSplit);
        if (given.HasOneChannel && training.Classes.Count != TwoClassLoss.Classes)
            throw request.Recipe.Error(given.Model.Classes is null ? "loss.name" : "model.classes",
                $"one output channel tells two classes apart, but {training.Name} has {training.Classes.Count}");
        if (!given.HasOneChannel && given.Model.Classes is { } classes && classes != training.Classes.Count)
            throw request.Recipe.Error("model.classes", $"{classes}, but {training.Name} has {training.Classes.Count} classes");
        if (given.Loss.ClassWeights is { } weights && weights.Count != training.Classes.Count)
            throw request.Recipe.Error(
                "loss.class_weights", $"holds {weights.Count} weights, {training.Name} has {training.Classes.Count} classes");
        return new SegmentationData(
            root, training, validation, OpenDepth(request.Recipe, root, training), DepthOf(request.Recipe, root, given.Data.ValSplit));
    }

    static DepthSource? OpenDepth(RecipeFile file, string root, SegmentationDataset training)
    {
        if (file.Recipe.Loss.ObjectsAreSegments && file.Recipe.Data.Depth is null)
            return SegmentsOf(file, training);
        if (DepthOf(file, root, file.Recipe.Data.TrainSplit) is not { } source)
            return null;
        var bare = training.Samples.Where(s => !File.Exists(source.PathOf(s))).ToArray();
        if (bare.Length > 0)
            throw file.Error("data.depth",
                $"{bare.Length} of {training.Samples.Count} images have no depth, the first {bare[0].ImagePath}: "
                + $"{source.PathOf(bare[0])} was wanted");
        return source;
    }

    static SegmentSource SegmentsOf(RecipeFile file, SegmentationDataset training)
    {
        if (training is not IPanopticTruth)
            throw file.Error("loss.objects", $"segments: {training.Name} does not tell objects apart; layout coco-panoptic or cityscapes "
                + "was wanted, or 'objects: classes'");
        return training is CityscapesDataset && training.Samples.FirstOrDefault(s => s.InstancePath is null) is { } bare
            ? throw file.Error("loss.objects", $"segments: {bare.ImagePath} has no *_instanceIds.png; unpack all of gtFine")
            : new SegmentSource(training);
    }

    static DepthSource? DepthOf(RecipeFile file, string root, string split)
    {
        const string Disparity = "disparity";
        var data = file.Recipe.Data;
        if (data.Depth is not { } given)
            return null;
        if (given == Disparity && data.Layout != "cityscapes")
            throw file.Error("data.depth", $"'{Disparity}' is Cityscapes' own, layout '{data.Layout}' has none; "
                + "name a folder of depth PNGs (hwaso depth writes them)");
        var folder = given == Disparity ? null : DepthFolder.Find(root, given)
            ?? throw file.Error("data.depth", $"no such folder: {given}, neither in the working directory nor in {root}; "
                + $"write depth PNGs there with hwaso depth, or say '{Disparity}' for Cityscapes' own");
        return (folder, data.DepthUnit) switch
        {
            (null, { } pixels) => new DisparityFolder(root, split, pixels),
            (null, null) => new DisparityFolder(root, split),
            (_, { } metres) => new DepthFolder(folder, metres),
            _ => new DepthFolder(folder),
        };
    }
}
