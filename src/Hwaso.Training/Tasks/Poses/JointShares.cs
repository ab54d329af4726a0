using Hwaso.Data.Poses;
using Hwaso.Metrics.Coco;

namespace Hwaso.Training.Tasks.Poses;

/// <summary>How often each joint of the people found lies near its truth.</summary>
public static class JointShares
{
    // The distance at which a joint alone has a similarity of one half.
    const double Half = 0.5;

    /// <summary>
    /// The share of each joint's visible truths that a matched person has at an OKS of the joint alone of one half or more; null where none
    /// is visible. Missed people count as misses.
    /// </summary>
    public static IReadOnlyList<double?> Of(IReadOnlyList<ScoredPerson> people, PoseDescription description)
    {
        ArgumentNullException.ThrowIfNull(people);
        ArgumentNullException.ThrowIfNull(description);
        var (near, count) = (new int[description.Count], new int[description.Count]);
        foreach (var person in people)
            for (var j = 0; j < description.Count; j++)
            {
                var truth = person.Truth.Keypoints.AsSpan(3 * j, 3);
                if (!(truth[2] > 0))
                    continue;
                count[j]++;
                if (person.Found?.Keypoints is not { } found)
                    continue;
                var (dx, dy) = (found[3 * j] - truth[0], found[3 * j + 1] - truth[1]);
                var spread = 2 * description.Sigmas![j];
                near[j] += Math.Exp(-(dx * dx + dy * dy) / (2 * spread * spread * person.Truth.Area!.Value)) >= Half ? 1 : 0;
            }
        return [.. near.Zip(count).Select(c => c.Second == 0 ? null : (double?)c.First / c.Second)];
    }
}
