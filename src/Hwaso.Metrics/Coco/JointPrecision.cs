using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;

namespace Hwaso.Metrics.Coco;

/// <summary>The average precision of each joint alone: COCO's evaluation as if no other joint were labelled.</summary>
public static class JointPrecision
{
    /// <summary>
    /// The AP of each joint, 0 to 1; null where nobody has it labelled. People without the joint absorb detections and do not count, as
    /// people without any joint do in COCO's evaluation.
    /// </summary>
    /// <param name="truth">The annotations; those of its category with the description's joints are used.</param>
    /// <param name="results">The people found.</param>
    /// <param name="description">The joints.</param>
    /// <param name="threads">Threads to match images on.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="Hwaso.Data.DatasetException">An entry cannot be scored; the message names it.</exception>
    public static IReadOnlyList<double?> Of(
        CocoFile truth, CocoResults results, PoseDescription description, int threads = 1, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(description);
        var options = new KeypointScoreOptions { Threads = threads };
        return
        [
            .. Enumerable.Range(0, description.Count).Select(j => KeypointScorer.Score(Only(truth, j), results, options, stop).Ap)
                .Select(ap => ap < 0 ? null : (double?)ap),
        ];
    }

    static CocoFile Only(CocoFile truth, int joint) =>
        truth with { Annotations = [.. truth.Annotations.Select(a => a.Keypoints is null ? a : Only(a, joint))] };

    static CocoAnnotation Only(CocoAnnotation person, int joint)
    {
        var keypoints = (double[])person.Keypoints!.Clone();
        for (var j = 0; 3 * j + 2 < keypoints.Length; j++)
            if (j != joint)
                keypoints[3 * j + 2] = 0;
        var labelled = 3 * joint + 2 < keypoints.Length && keypoints[3 * joint + 2] > 0;
        // A count of 0 in the file makes a person that does not count, whatever its joints are.
        return person with { Keypoints = keypoints, KeypointCount = labelled ? Math.Min(person.KeypointCount ?? 1, 1) : 0 };
    }
}
