using Hwaso.Data.Annotations;

namespace Hwaso.Metrics.Coco;

/// <summary>
/// Object keypoint similarity (OKS): 1 where all joints agree, 0 far away, measured in the joints' spreads and the person's size. After
/// pycocotools' COCOeval.computeOks.
/// </summary>
public sealed class ObjectKeypointSimilarity
{
    readonly double[] variances;

    /// <summary>The similarity of joints with these spreads.</summary>
    /// <param name="sigmas">σ of each of J joints, above 0.</param>
    public ObjectKeypointSimilarity(IReadOnlyList<double> sigmas)
    {
        ArgumentNullException.ThrowIfNull(sigmas);
        variances = [.. sigmas.Select(s => (s * 2) * (s * 2))];
    }

    /// <summary>J.</summary>
    public int Joints => variances.Length;

    /// <summary>The similarity of detected joints to a truth's labelled ones.</summary>
    /// <param name="truth">x, y and visibility of J joints.</param>
    /// <param name="box">The truth's box: where no joint is labelled, the distance to this box, doubled on every side, is measured.</param>
    /// <param name="area">The truth's area.</param>
    /// <param name="detected">x, y and anything of J joints.</param>
    public double Of(ReadOnlySpan<double> truth, CocoBox box, double area, ReadOnlySpan<double> detected)
    {
        Span<double> values = stackalloc double[Joints];
        var count = 0;
        for (var j = 0; j < Joints; j++)
        {
            if (!(truth[3 * j + 2] > 0))
                continue;
            var (dx, dy) = (detected[3 * j] - truth[3 * j], detected[3 * j + 1] - truth[3 * j + 1]);
            values[count++] = Math.Exp(-((dx * dx + dy * dy) / variances[j] / (area + CocoRules.Epsilon) / 2));
        }
        if (count > 0)
            return CocoRules.Sum(values[..count]) / count;
        var (x0, x1) = (box.X - box.Width, box.X + box.Width * 2);
        var (y0, y1) = (box.Y - box.Height, box.Y + box.Height * 2);
        for (var j = 0; j < Joints; j++)
        {
            var (x, y) = (detected[3 * j], detected[3 * j + 1]);
            var dx = Math.Max(0, x0 - x) + Math.Max(0, x - x1);
            var dy = Math.Max(0, y0 - y) + Math.Max(0, y - y1);
            values[j] = Math.Exp(-((dx * dx + dy * dy) / variances[j] / (area + CocoRules.Epsilon) / 2));
        }
        return CocoRules.Sum(values) / Joints;
    }

    /// <summary>
    /// The similarity of two detections, of all joints, with the mean of both areas. After oks_iou of the authors' pose code.
    /// </summary>
    /// <param name="a">x, y and score of J joints.</param>
    /// <param name="areaA">Its area.</param>
    /// <param name="b">The other.</param>
    /// <param name="areaB">Its area.</param>
    /// <param name="above">Only joints whose score in <paramref name="b"/> is above this count; null for all.</param>
    public double OfDetections(ReadOnlySpan<double> a, double areaA, ReadOnlySpan<double> b, double areaB, double? above = null)
    {
        Span<double> values = stackalloc double[Joints];
        var count = 0;
        for (var j = 0; j < Joints; j++)
        {
            if (above is { } least && !(b[3 * j + 2] > least))
                continue;
            var (dx, dy) = (b[3 * j] - a[3 * j], b[3 * j + 1] - a[3 * j + 1]);
            values[count++] = Math.Exp(-((dx * dx + dy * dy) / variances[j] / ((areaA + areaB) / 2 + CocoRules.Epsilon) / 2));
        }
        return count == 0 ? 0 : CocoRules.Sum(values[..count]) / count;
    }
}

/// <summary>A detected person.</summary>
/// <param name="Keypoints">x, y and score of J joints.</param>
/// <param name="Score">The person's score.</param>
/// <param name="Area">Its area in square pixels.</param>
public readonly record struct DetectedPose(double[] Keypoints, double Score, double Area);

/// <summary>
/// Leaves out detections of the same person (OKS-NMS), in its hard and its soft form. After oks_nms and soft_oks_nms of the authors'
/// pose code; among equal scores the later detection comes first there and here.
/// </summary>
/// <param name="similarity">OKS with the joints' spreads.</param>
public sealed class PoseSuppression(ObjectKeypointSimilarity similarity)
{
    /// <summary>Detections that the soft form keeps at most.</summary>
    public const int SoftLimit = 20;

    /// <summary>Keeps the best detection, leaves out those more similar to it than the threshold, and so on.</summary>
    /// <param name="people">The detections of one image.</param>
    /// <param name="threshold">The largest OKS that two kept detections can have; 0.9 in the published protocol.</param>
    /// <returns>The places of the kept detections, the best first.</returns>
    public IReadOnlyList<int> Hard(IReadOnlyList<DetectedPose> people, double threshold)
    {
        ArgumentNullException.ThrowIfNull(people);
        var order = Ranked(Enumerable.Range(0, people.Count).ToArray(), [.. people.Select(p => p.Score)]);
        var kept = new List<int>();
        while (order.Length > 0)
        {
            kept.Add(order[0]);
            order = [.. order[1..].Where(k => Similarity(people[order[0]], people[k]) <= threshold)];
        }
        return kept;
    }

    /// <summary>
    /// Lowers the scores of detections similar to a better one by exp(−OKS² ÷ threshold), for their order alone, and keeps the first 20.
    /// </summary>
    /// <inheritdoc cref="Hard"/>
    public IReadOnlyList<int> Soft(IReadOnlyList<DetectedPose> people, double threshold)
    {
        ArgumentNullException.ThrowIfNull(people);
        double[] scores = [.. people.Select(p => p.Score)];
        var order = Ranked(Enumerable.Range(0, people.Count).ToArray(), scores);
        var kept = new List<int>();
        while (order.Length > 0 && kept.Count < SoftLimit)
        {
            var best = order[0];
            kept.Add(best);
            order = order[1..];
            foreach (var k in order)
            {
                var overlap = Similarity(people[best], people[k]);
                scores[k] *= Math.Exp(-(overlap * overlap) / threshold);
            }
            order = Ranked(order, [.. order.Select(k => scores[k])]);
        }
        return kept;
    }

    double Similarity(DetectedPose a, DetectedPose b) => similarity.OfDetections(a.Keypoints, a.Area, b.Keypoints, b.Area);

    // argsort()[::-1]: rising, then turned round, so that equal scores turn round too.
    static int[] Ranked(int[] items, double[] scores) =>
        [.. Enumerable.Range(0, items.Length).OrderBy(k => scores[k]).Reverse().Select(k => items[k])];
}
