namespace Hwaso.Recipes;

/// <summary>
/// Poses: how people are shown in training, what is learned of them, and how joints are found. Defaults are those of the authors' code for
/// COCO at 256×192.
/// </summary>
public sealed record PoseRecipe
{
    static readonly NamedValues<PoseTargets> Forms =
        new(("published", PoseTargets.Published), ("dark", PoseTargets.Dark), ("udp", PoseTargets.Udp));

    static readonly NamedValues<PoseOffset> Offsets =
        new(("quarter", PoseOffset.Quarter), ("none", PoseOffset.None), ("dark", PoseOffset.Dark), ("dark_udp", PoseOffset.DarkUdp));

    /// <summary>σ of the target around a joint, in pixels of the heat map, above 0.</summary>
    public double Sigma { get; init; } = 2;

    /// <summary>The form of targets and crops.</summary>
    public PoseTargets Targets { get; init; } = PoseTargets.Published;

    /// <summary>Spread and bound of the random size, 0 up to 1.</summary>
    public double Scale { get; init; } = 0.35;

    /// <summary>Spread of the random angle in degrees, 0 or more.</summary>
    public double Rotation { get; init; } = 45;

    /// <summary>The chance that half a body is shown, 0 to 1.</summary>
    public double HalfBody { get; init; } = 0.3;

    /// <summary>More visible joints than this make a body that can be halved, 0 or more.</summary>
    public int HalfBodyJoints { get; init; } = 8;

    /// <summary>Whether joints are weighed as the authors' code can (wrists and ankles most); COCO's joints alone.</summary>
    public bool WeighJoints { get; init; }

    /// <summary>How many joints of a person are learned from, those of the largest errors, at least 1; null for all.</summary>
    public int? Hardest { get; init; }

    /// <summary>Whether a person's mirror image is looked at too when scored.</summary>
    public bool FlipTest { get; init; } = true;

    /// <summary>Whether the mirror image's heat maps move one pixel, which pays for crops that are half a pixel off.</summary>
    public bool Shift { get; init; } = true;

    /// <summary>How joints are placed between pixels of the heat map.</summary>
    public PoseOffset Offset { get; init; } = PoseOffset.Quarter;

    /// <summary>A detector's boxes to score on, COCO's result JSON; null for true boxes.</summary>
    public string? Boxes { get; init; }

    /// <summary>A detector's boxes of lower scores are left out.</summary>
    public double BoxThreshold { get; init; }

    /// <summary>Joints above this score make a person's score.</summary>
    public double JointThreshold { get; init; } = 0.2;

    /// <summary>The largest similarity of two people on one image, above 0.</summary>
    public double OksThreshold { get; init; } = 0.9;

    /// <summary>Whether similar people are ranked lower instead of left out.</summary>
    public bool SoftNms { get; init; }

    internal static PoseRecipe Read(YamlMap map)
    {
        var pose = new PoseRecipe();
        return pose with
        {
            Sigma = map["sigma"].Number(min: 0, aboveMin: true) ?? pose.Sigma,
            Targets = map["targets"].Choice(Forms) ?? pose.Targets,
            Scale = map["scale"].Number(min: 0, max: 1) ?? pose.Scale,
            Rotation = map["rotation"].Number(min: 0) ?? pose.Rotation,
            HalfBody = map["half_body"].Number(min: 0, max: 1) ?? pose.HalfBody,
            HalfBodyJoints = map["half_body_joints"].Int(min: 0) ?? pose.HalfBodyJoints,
            WeighJoints = map["weigh_joints"].Flag() ?? pose.WeighJoints,
            Hardest = map["hardest"].Int(min: 1),
            FlipTest = map["flip_test"].Flag() ?? pose.FlipTest,
            Shift = map["shift"].Flag() ?? pose.Shift,
            Offset = map["offset"].Choice(Offsets) ?? pose.Offset,
            Boxes = map["boxes"].Text(),
            BoxThreshold = map["box_threshold"].Number(min: 0) ?? pose.BoxThreshold,
            JointThreshold = map["joint_threshold"].Number(min: 0) ?? pose.JointThreshold,
            OksThreshold = map["oks_threshold"].Number(min: 0, aboveMin: true) ?? pose.OksThreshold,
            SoftNms = map["soft_nms"].Flag() ?? pose.SoftNms,
        };
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Number("sigma", Sigma);
        yaml.Text("targets", Forms.NameOf(Targets));
        yaml.Number("scale", Scale);
        yaml.Number("rotation", Rotation);
        yaml.Number("half_body", HalfBody);
        yaml.Int("half_body_joints", HalfBodyJoints);
        yaml.Flag("weigh_joints", WeighJoints);
        yaml.Int("hardest", Hardest);
        yaml.Flag("flip_test", FlipTest);
        yaml.Flag("shift", Shift);
        yaml.Text("offset", Offsets.NameOf(Offset));
        yaml.Text("boxes", Boxes);
        yaml.Number("box_threshold", BoxThreshold);
        yaml.Number("joint_threshold", JointThreshold);
        yaml.Number("oks_threshold", OksThreshold);
        yaml.Flag("soft_nms", SoftNms);
    }
}

/// <summary>The forms of target heat maps.</summary>
public enum PoseTargets
{
    /// <summary>Centres rounded to pixels, as in the authors' code.</summary>
    Published,

    /// <summary>Exact centres over the whole map (DARK).</summary>
    Dark,

    /// <summary>Exact centres, pixels counted from centre to centre (UDP).</summary>
    Udp,
}

/// <summary>How joints are placed between pixels.</summary>
public enum PoseOffset
{
    /// <summary>A quarter pixel towards the larger neighbour.</summary>
    Quarter,

    /// <summary>At the largest pixel.</summary>
    None,

    /// <summary>DARK's Taylor step.</summary>
    Dark,

    /// <summary>DARK's step as UDP takes it.</summary>
    DarkUdp,
}
