using Hwaso.Data;
using Hwaso.Training.Recipes;

namespace Hwaso.Training.Runs;

/// <summary>The splits a run learns from and is scored on.</summary>
/// <param name="Root">The data set's folder.</param>
/// <param name="Training">The split to learn from.</param>
/// <param name="Validation">The split to score on.</param>
sealed record TrainData(string Root, SegmentationDataset Training, SegmentationDataset Validation)
{
    /// <summary>Opens both, and holds the recipe against their classes.</summary>
    /// <exception cref="RecipeException">The recipe names no folder, an unknown layout, or other classes.</exception>
    public static TrainData Open(TrainRequest request)
    {
        var given = request.Recipe.Recipe;
        var root = request.Data ?? given.Data.Root ?? throw request.Recipe.Error("data", "names no root; give the data set's folder with --data");
        if (!Datasets.Layouts.Contains(given.Data.Layout))
            throw request.Recipe.Error("data.layout", $"'{given.Data.Layout}' is no layout; {string.Join(" or ", Datasets.Layouts)} was wanted");
        var training = Datasets.Open(given.Data.Layout, root, given.Data.TrainSplit);
        var validation = Datasets.Open(given.Data.Layout, root, given.Data.ValSplit);
        if (given.Model.Classes is { } classes && classes != training.Classes.Count)
            throw request.Recipe.Error("model.classes", $"{classes}, but {training.Name} has {training.Classes.Count} classes");
        if (given.Loss.ClassWeights is { } weights && weights.Count != training.Classes.Count)
            throw request.Recipe.Error("loss.class_weights", $"holds {weights.Count} weights, {training.Name} has {training.Classes.Count} classes");
        return new TrainData(root, training, validation);
    }

    /// <summary>The files of images by their names.</summary>
    public string Paths(IEnumerable<string> ids) => string.Join(", ", ids.Select(id => Training.Samples.First(s => s.Id == id).ImagePath));
}
