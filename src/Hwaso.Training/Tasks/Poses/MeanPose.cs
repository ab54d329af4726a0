using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;
using Hwaso.Metrics.Coco;

namespace Hwaso.Training.Tasks.Poses;

/// <summary>What an answer reaches that looks at no pixel: the mean of all training poses, put into every box.</summary>
public static class MeanPose
{
    /// <summary>The score of the mean pose.</summary>
    /// <param name="training">Whose mean it is.</param>
    /// <param name="validation">Whose boxes it is put into; its annotations are the truth.</param>
    /// <param name="threads">Threads that score.</param>
    public static KeypointScores Score(PoseDataset training, PoseDataset validation, int threads)
    {
        ArgumentNullException.ThrowIfNull(validation);
        var mean = Of(training);
        var results = validation.People.Select((person, k) => new CocoResult
        {
            Index = k,
            ImageId = person.ImageId,
            CategoryId = validation.Category,
            Score = person.BoxScore,
            Keypoints = [.. mean.SelectMany(
                m => new[] { person.Box.X + m.X * person.Box.Width, person.Box.Y + m.Y * person.Box.Height, 1 })],
        });
        return KeypointScorer.Score(
            validation.Truth!, new CocoResults("the mean pose", [.. results]), new KeypointScoreOptions { Threads = threads });
    }

    /// <summary>The mean place of each joint, as shares of the box's width and height.</summary>
    public static IReadOnlyList<(double X, double Y)> Of(PoseDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var sums = new (double X, double Y, int Count)[data.Description.Count];
        foreach (var person in data.People)
            for (var j = 0; j < sums.Length; j++)
                if (person.Joints[3 * j + 2] > 0 && person.Box is { Width: > 0, Height: > 0 } box)
                    sums[j] = (sums[j].X + (person.Joints[3 * j] - box.X) / box.Width,
                        sums[j].Y + (person.Joints[3 * j + 1] - box.Y) / box.Height, sums[j].Count + 1);
        return [.. sums.Select(s => s.Count == 0 ? (0.5, 0.5) : (s.X / s.Count, s.Y / s.Count))];
    }
}
