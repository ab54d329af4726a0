namespace Hwaso.Metrics;

/// <summary>One label id of Cityscapes' annotations, as its evaluation treats it.</summary>
/// <param name="Id">Label id in the labelIds pictures.</param>
/// <param name="Name">Name.</param>
/// <param name="Category">Name of its category.</param>
/// <param name="Ignored">Whether pixels of this true label are left out.</param>
/// <param name="HasInstances">Whether its objects carry instance ids, id × 1000 + n.</param>
/// <param name="AverageInstanceSize">Mean object size in pixels, by which the instance scores are weighted; 0 if it has no
/// instances.</param>
public sealed record EvaluationLabel(
    byte Id, string Name, string Category, bool Ignored = false, bool HasInstances = false, double AverageInstanceSize = 0)
{
    /// <summary>The 34 labels of Cityscapes in id order, facts of the data set (Cordts et al., CVPR 2016).</summary>
    public static IReadOnlyList<EvaluationLabel> Cityscapes { get; } =
    [
        new(0, "unlabeled", "void", true),
        new(1, "ego vehicle", "void", true),
        new(2, "rectification border", "void", true),
        new(3, "out of roi", "void", true),
        new(4, "static", "void", true),
        new(5, "dynamic", "void", true),
        new(6, "ground", "void", true),
        new(7, "road", "flat"),
        new(8, "sidewalk", "flat"),
        new(9, "parking", "flat", true),
        new(10, "rail track", "flat", true),
        new(11, "building", "construction"),
        new(12, "wall", "construction"),
        new(13, "fence", "construction"),
        new(14, "guard rail", "construction", true),
        new(15, "bridge", "construction", true),
        new(16, "tunnel", "construction", true),
        new(17, "pole", "object"),
        new(18, "polegroup", "object", true),
        new(19, "traffic light", "object"),
        new(20, "traffic sign", "object"),
        new(21, "vegetation", "nature"),
        new(22, "terrain", "nature"),
        new(23, "sky", "sky"),
        new(24, "person", "human", false, true, 3462.4756337644),
        new(25, "rider", "human", false, true, 3930.4788056518),
        new(26, "car", "vehicle", false, true, 12794.0202738185),
        new(27, "truck", "vehicle", false, true, 27855.1264367816),
        new(28, "bus", "vehicle", false, true, 35732.1511111111),
        new(29, "caravan", "vehicle", true, true, 36771.8241758242),
        new(30, "trailer", "vehicle", true, true, 16926.9763313609),
        new(31, "train", "vehicle", false, true, 67583.7075812274),
        new(32, "motorcycle", "vehicle", false, true, 6298.7200839748),
        new(33, "bicycle", "vehicle", false, true, 4672.3249222261),
    ];
}
