using Hwaso.Data.Annotations;

namespace Hwaso.Data.Poses;

/// <summary>The joints of a pose: names, bones, left and right, spreads. Joints are numbered from 0 here, in files from 1.</summary>
public sealed record PoseDescription
{
    /// <summary>COCO's 17 keypoints, with the spreads of its evaluation.</summary>
    public static PoseDescription Coco { get; } = new()
    {
        Joints =
        [
            "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
            "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
        ],
        Skeleton =
        [
            (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10), (1, 2), (0, 1),
            (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
        ],
        FlipPairs = [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)],
        UpperBody = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        JointWeights = [1, 1, 1, 1, 1, 1, 1, 1.2, 1.2, 1.5, 1.5, 1, 1, 1.2, 1.2, 1.5, 1.5],
        Sigmas = [.. Tenths(.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89)],
    };

    /// <summary>MPII's 16 joints, which are scored by PCKh and have no spreads.</summary>
    public static PoseDescription Mpii { get; } = new()
    {
        Joints =
        [
            "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax", "upper_neck", "head_top",
            "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
        ],
        Skeleton =
        [
            (0, 1), (1, 2), (2, 6), (6, 3), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9), (7, 12), (12, 11), (11, 10), (7, 13), (13, 14),
            (14, 15),
        ],
        FlipPairs = [(0, 5), (1, 4), (2, 3), (10, 15), (11, 14), (12, 13)],
        UpperBody = [7, 8, 9, 10, 11, 12, 13, 14, 15],
    };

    /// <summary>The joints' names, J of them.</summary>
    public required IReadOnlyList<string> Joints { get; init; }

    /// <summary>The bones, as pairs of joints.</summary>
    public IReadOnlyList<(int From, int To)> Skeleton { get; init; } = [];

    /// <summary>Left and right joints, which change places in a mirrored image.</summary>
    public IReadOnlyList<(int Left, int Right)> FlipPairs { get; init; } = [];

    /// <summary>The joints of the upper body, for training on half bodies; empty for none.</summary>
    public IReadOnlyList<int> UpperBody { get; init; } = [];

    /// <summary>A joint's spread in OKS, J of them, each above 0; null where none are known.</summary>
    public IReadOnlyList<double>? Sigmas { get; init; }

    /// <summary>
    /// The weight of each joint where joints are weighed differently (<c>USE_DIFFERENT_JOINTS_WEIGHT</c> of the authors' code, off in every
    /// published recipe); empty for the same.
    /// </summary>
    public IReadOnlyList<double> JointWeights { get; init; } = [];

    /// <summary>J.</summary>
    public int Count => Joints.Count;

    /// <summary>
    /// The description of a category in an annotation file. Without <c>flip_pairs</c>, <c>left_…</c> and <c>right_…</c> joints pair up;
    /// without <c>sigmas</c> and <c>upper_body</c>, a category with COCO's 17 joints has COCO's.
    /// </summary>
    /// <exception cref="DatasetException">
    /// A bone or pair names a joint that is not there, a joint has two partners or is its own, or spreads do not fit the joints.
    /// </exception>
    public static PoseDescription Of(CocoFile file, CocoCategory category)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(category);
        var joints = category.Keypoints.Count > 0 ? category.Keypoints : file.Annotations
            .FirstOrDefault(a => a.CategoryId == category.Id && a.Keypoints?.Length == 3 * Coco.Count) is not null ? Coco.Joints
            : throw Error("keypoints", "names no joints; list their names");
        if (joints.GroupBy(j => j, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw Error("keypoints", $"'{twice.Key}' is listed {twice.Count()} times; each joint has a name of its own");
        var coco = joints.SequenceEqual(Coco.Joints, StringComparer.Ordinal);
        var description = new PoseDescription
        {
            Joints = joints,
            Skeleton = [.. category.Skeleton.Select((bone, k) => (Joint(bone.From, "skeleton", k), Joint(bone.To, "skeleton", k)))],
            FlipPairs = category.FlipPairs is { } pairs
                ? [.. pairs.Select((pair, k) => (Joint(pair.Left, "flip_pairs", k), Joint(pair.Right, "flip_pairs", k)))]
                : PairsByName(joints),
            UpperBody = category.UpperBody is { } upper ? [.. upper.Select((joint, k) => Joint(joint, "upper_body", k))]
                : coco ? Coco.UpperBody : [],
            JointWeights = coco ? Coco.JointWeights : [],
            Sigmas = category.Sigmas ?? (joints.Count == Coco.Count ? Coco.Sigmas : null),
        };
        var partners = new Dictionary<int, int>();
        foreach (var (k, (left, right)) in description.FlipPairs.Index())
            if (left == right || !partners.TryAdd(left, right) || !partners.TryAdd(right, left))
                throw Error(
                    $"flip_pairs[{k}]", $"[{left + 1}, {right + 1}] is not mutual: a joint has one partner, which is another joint");
        if (description.Sigmas is { } sigmas && (sigmas.Count != joints.Count || sigmas.Any(s => s <= 0)))
            throw Error("sigmas", $"holds {sigmas.Count} spreads for {joints.Count} joints; one above 0 for each was wanted");
        return description;

        int Joint(int number, string key, int k) => number >= 1 && number <= joints.Count ? number - 1
            : throw Error($"{key}[{k}]", $"names joint {number}; the category has joints 1 to {joints.Count}");

        DatasetException Error(string key, string problem) =>
            new(file.Path, $"category {category.Id} ({category.Name}), {key}: {problem}");
    }

    static (int, int)[] PairsByName(IReadOnlyList<string> joints)
    {
        var names = joints.ToList();
        return
        [
            .. names.Select((name, left) => (left, right: names.FindIndex(other => other != name && other.Equals(
                name.Replace("left", "right", StringComparison.OrdinalIgnoreCase), StringComparison.OrdinalIgnoreCase))))
                .Where(pair => pair.right >= 0),
        ];
    }

    // The evaluation divides by 10 in double precision; so do these.
    static IEnumerable<double> Tenths(params double[] values) => values.Select(v => v / 10.0);
}
