using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Data.Checking;
using Hwaso.Data.Poses;
using Hwaso.Inference.Poses;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime.Poses;
using Hwaso.Training.Loop;
using Hwaso.Training.Processes;

namespace Hwaso.Training.Tasks.Poses;

/// <summary>Poses from above: people are cut out of images, and a network learns a heat map of each joint.</summary>
sealed class PoseTask : ITrainingTask
{
    readonly RecipeFile file;
    readonly PoseDefinition definition;
    readonly PoseDataset training, validation;
    readonly int threads;
    readonly Team team;
    readonly Timeline? timeline;

    /// <summary>Opens the data.</summary>
    /// <exception cref="RecipeException">The data are not there, or the recipe does not fit them.</exception>
    public PoseTask(TrainRequest request, PoseDefinition definition)
    {
        (file, this.definition, threads, team, timeline) = (request.Recipe, definition, request.Threads, request.Team, request.Timeline);
        var given = file.Recipe;
        var root = request.Data ?? given.Data.Root
            ?? throw file.Error("data", "names no root; give the data set's folder with --data");
        if (!PoseLayouts.All.Contains(given.Data.Layout))
            throw file.Error("data.layout", $"'{given.Data.Layout}' holds no poses; {string.Join(" or ", PoseLayouts.All)} was wanted");
        if (given.Stages.Count > 0)
            throw file.Error("stages", "a pose network learns in one stage; remove them");
        var pose = given.Pose ?? new PoseRecipe();
        training = PoseLayouts.Open(given.Data.Layout, root, given.Data.TrainSplit);
        validation = PoseLayouts.Open(given.Data.Layout, root, given.Data.ValSplit);
        if (pose.Boxes is { } boxes)
            validation = validation.WithBoxes(boxes, pose.BoxThreshold);
        var joints = training.Description.Count;
        if (given.Model.Classes is { } classes && classes != joints)
            throw file.Error("model.classes", $"{classes}, but {training.Name} has {joints} joints");
        if (validation.Description.Count != joints)
            throw file.Error("data.val", $"{validation.Name} has {validation.Description.Count} joints, {training.Name} {joints}");
        if (training.People.FirstOrDefault(p => p.Joints.Length == 0) is not null)
            throw file.Error("data.train", $"{training.Name} has people without joints; a split with annotations was wanted");
        if (validation.Truth is not null && validation.Description.Sigmas is null)
            throw file.Error("data.val", $"{validation.Name} names no 'sigmas', which its score measures distances in; list one for each "
                + "joint in the annotation file's category, such as 0.05");
        if (validation.Truth is null && validation.HeadTruth is null)
            throw file.Error("data.val", $"{validation.Name} has no {MpiiTruth.FileName} beside its annotations, by which it is scored");
        if (pose.Hardest > joints)
            throw file.Error("pose.hardest", $"{pose.Hardest} of {joints} joints; at most as many as there are were wanted");
        if (pose.WeighJoints && training.Description.JointWeights.Count != joints)
            throw file.Error("pose.weigh_joints", "weights are known for COCO's 17 joints alone; remove it");
        if (given.Augment.Crop is var crop && (crop.Height % 32 != 0 || crop.Width % 32 != 0))
            throw file.Error("augment.crop", $"[{crop.Height}, {crop.Width}]; multiples of 32 were wanted, such as [256, 192]");
        Recipe = given with
        {
            Data = given.Data with { Root = root },
            Model = Zoo.Resolve(given.Model) with { Classes = joints },
            Threads = request.Threads,
            Pose = pose,
        };
    }

    /// <inheritdoc/>
    public Recipe Recipe { get; }

    /// <inheritdoc/>
    public int SampleCount => training.People.Count;

    /// <inheritdoc/>
    public string DataText => string.Join(", ", new[] { training, validation }.Select(s => $"{s.Name} {s.People.Count} people"));

    /// <inheritdoc/>
    public IReadOnlyList<StagePlan> Stages => [new StagePlan()];

    /// <inheritdoc/>
    public string MainScore => validation.Truth is null ? PoseScores.Heads : PoseScores.Ap;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata =>
        new Dictionary<string, string> { [PoseMetadata.Key] = PoseSettings.MetadataOf(Recipe, training.Description).Write() };

    /// <inheritdoc/>
    public Validation Read(JsonObject fields) => PoseScores.Read(fields);

    /// <inheritdoc/>
    public void Check() => Cost(Recipe.Augment.Crop);

    /// <inheritdoc/>
    public IReadOnlyList<string> CheckFiles(CancellationToken stop)
    {
        // The scores are of all people: an image that validation cannot read is refused as well.
        FileCheck.Require(
            training.People.Concat(validation.People).Select(person => person.ImagePath), $"{training.Name} and {validation.Name}",
            "hwaso dataset check", threads, stop);
        return [];
    }

    /// <inheritdoc/>
    public NetworkCost Cost(SizePx input) =>
        NetworkCost.Of(w => definition.Build(w, training.Description.Count), 1, 3, input.Height, input.Width);

    /// <inheritdoc/>
    public ILearner Build(Weights weights, bool pretrained, Action<string> says)
    {
        PoseNet net;
        try
        {
            net = definition.Build(weights, training.Description.Count);
        }
        catch (ArgumentException error)
        {
            throw file.Error("model", error.Message);
        }
        InitialValues.Set(net, Recipe.Model.Init);
        if (pretrained && Recipe.Model.Pretrained is not null)
            PretrainedWeights.Load(weights, Recipe.Model, file, says);
        if (pretrained && validation.Truth is not null)
            says($"a mean pose put into every box of {validation.Name} reaches AP "
                + $"{MeanPose.Score(training, validation, threads).Ap.ToString("0.0000", CultureInfo.InvariantCulture)}");
        return new PoseLearner(net, Recipe, training, validation, threads, team, timeline);
    }
}
