using Hwaso.Data;
using Hwaso.Data.Poses;

namespace Hwaso.Metrics.Coco;

/// <summary>
/// PCKh of MPII (Andriluka et al., CVPR 2014): percent of joints nearer to the truth than a share of the head's size, as the authors' pose
/// code counts them. A number is null where no joint counts.
/// </summary>
/// <param name="Head">Top of the head.</param>
/// <param name="Shoulder">Mean of left and right shoulder.</param>
/// <param name="Elbow">Mean of both elbows.</param>
/// <param name="Wrist">Mean of both wrists.</param>
/// <param name="Hip">Mean of both hips.</param>
/// <param name="Knee">Mean of both knees.</param>
/// <param name="Ankle">Mean of both ankles.</param>
/// <param name="Mean">All joints but pelvis and thorax, by their counts.</param>
/// <param name="MeanStrict">The same at a distance of 0.11, which the code calls 0.1.</param>
public sealed record HeadScores(
    double? Head, double? Shoulder, double? Elbow, double? Wrist, double? Hip, double? Knee, double? Ankle, double? Mean,
    double? MeanStrict)
{
    const double HeadShare = 0.6, Threshold = 0.5, StrictThreshold = 11 * 0.01;

    /// <summary>The numbers by the names of <c>--json</c>.</summary>
    public IReadOnlyList<(string Name, double? Value)> Numbers =>
    [
        ("head", Head), ("shoulder", Shoulder), ("elbow", Elbow), ("wrist", Wrist), ("hip", Hip), ("knee", Knee), ("ankle", Ankle),
        ("mean", Mean), ("mean_0_1", MeanStrict),
    ];

    /// <summary>Scores predicted joints.</summary>
    /// <param name="truth">The truth of N people.</param>
    /// <param name="predictions">N × J × 2 numbers in MATLAB's pixels, as <see cref="MpiiTruth.ReadPredictions"/> gives them.</param>
    /// <param name="name">The file, for errors.</param>
    /// <exception cref="DatasetException">The people or joints are not those of the truth.</exception>
    public static HeadScores Of(MpiiTruth truth, IReadOnlyList<double> predictions, string name)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(predictions);
        var joints = truth.Joints.Count;
        if (predictions.Count != truth.People * joints * 2)
            throw new DatasetException(name, $"holds {predictions.Count / (2.0 * joints):0.##} people; the truth has {truth.People}: one "
                + "prediction for each, in order, was wanted");
        var (count, near, strict) = (new int[joints], new int[joints], new int[joints]);
        for (var n = 0; n < truth.People; n++)
        {
            var size = truth.HeadDiagonal(n) * HeadShare;
            for (var j = 0; j < joints; j++)
            {
                if (!truth.IsVisible(n, j))
                    continue;
                var (x, y) = truth.Position(n, j);
                var (dx, dy) = (predictions[(n * joints + j) * 2] - x, predictions[(n * joints + j) * 2 + 1] - y);
                var error = Math.Sqrt(dx * dx + dy * dy) / size;
                count[j]++;
                near[j] += error <= Threshold ? 1 : 0;
                strict[j] += error <= StrictThreshold ? 1 : 0;
            }
        }
        return new HeadScores(
            Percent("head"), Both("sho"), Both("elb"), Both("wri"), Both("hip"), Both("kne"), Both("ank"), MeanOf(near), MeanOf(strict));

        int Find(string joint) => truth.Joints.ToList().IndexOf(joint) is var at and >= 0 ? at
            : throw new DatasetException(name, $"the truth has no joint '{joint}'; MPII's 16 were wanted");
        double? Percent(string joint) => Find(joint) is var j && count[j] > 0 ? 100.0 * near[j] / count[j] : null;
        double? Both(string joint) => 0.5 * (Percent($"l{joint}") + Percent($"r{joint}"));
        double? MeanOf(int[] hits)
        {
            var counted = Enumerable.Range(0, joints).Where(j => j is not (6 or 7) && count[j] > 0).ToArray();
            double all = counted.Sum(j => count[j]);
            return counted.Length == 0 ? null : counted.Sum(j => 100.0 * hits[j] / count[j] * (count[j] / all));
        }
    }
}
