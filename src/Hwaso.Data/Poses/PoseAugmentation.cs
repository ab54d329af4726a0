using Hwaso.Data.Loading;

namespace Hwaso.Data.Poses;

/// <summary>Random changes of a person on the way into training; the defaults are the authors' for COCO.</summary>
public sealed record PoseAugmentation
{
    /// <summary>Spread and bound of the random size: 1 ± this.</summary>
    public double Scale { get; init; } = 0.35;

    /// <summary>Spread of the random angle in degrees, bounded by twice this; six of ten samples are turned.</summary>
    public double Rotation { get; init; } = 45;

    /// <summary>Whether half of the samples are mirrored.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>The chance that only the upper or lower half of a body is shown, for those with enough visible joints.</summary>
    public double HalfBody { get; init; } = 0.3;

    /// <summary>More visible joints than this make a body that can be halved.</summary>
    public int HalfBodyJoints { get; init; } = 8;

    /// <summary>Draws the changes of one person, in the order of the authors' loader.</summary>
    /// <param name="crop">The person's crop.</param>
    /// <param name="joints">x, y and visibility of each joint.</param>
    /// <param name="description">The joints.</param>
    /// <param name="aspect">Width ÷ height of the network's input.</param>
    /// <param name="draws">The random numbers.</param>
    public PoseChange Draw(
        PersonCrop crop, ReadOnlySpan<double> joints, PoseDescription description, double aspect, IPoseDraws draws)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(draws);
        var visible = 0;
        for (var j = 0; j < description.Count; j++)
            visible += joints[3 * j + 2] > 0 ? 1 : 0;
        var halved = false;
        if (visible > HalfBodyJoints && description.UpperBody.Count > 0 && draws.Uniform() < HalfBody
            && Half(joints, description, aspect, draws) is { } half)
            (crop, halved) = (half, true);
        var factor = (float)Math.Clamp(draws.Normal() * Scale + 1, 1 - Scale, 1 + Scale);
        crop = crop with { ScaleX = crop.ScaleX * factor, ScaleY = crop.ScaleY * factor };
        var degrees = draws.Uniform() <= 0.6 ? Math.Clamp(draws.Normal() * Rotation, -2 * Rotation, 2 * Rotation) : 0;
        return new PoseChange(crop, degrees, Flip && draws.Uniform() <= 0.5, halved);
    }

    // Drawn from a normal distribution, the upper half comes in 69 of 100 cases, not in 50.
    static PersonCrop? Half(ReadOnlySpan<double> joints, PoseDescription description, double aspect, IPoseDraws draws)
    {
        List<(float X, float Y)> upper = [], lower = [];
        for (var j = 0; j < description.Count; j++)
            if (joints[3 * j + 2] > 0)
                (description.UpperBody.Contains(j) ? upper : lower).Add(((float)joints[3 * j], (float)joints[3 * j + 1]));
        var chosen = draws.Normal() < 0.5 && upper.Count > 2 ? upper : lower.Count > 2 ? lower : upper;
        if (chosen.Count < 2)
            return null;
        var (x, y) = (0f, 0f);
        foreach (var joint in chosen)
            (x, y) = (x + joint.X, y + joint.Y);
        return PersonCrop.OfExtent(
            x / chosen.Count, y / chosen.Count, chosen.Max(p => p.X) - chosen.Min(p => p.X), chosen.Max(p => p.Y) - chosen.Min(p => p.Y),
            aspect, padding: 1.5f);
    }
}

/// <summary>How a person is shown in training.</summary>
/// <param name="Crop">The part of the image, before it is mirrored.</param>
/// <param name="Degrees">How far it is turned.</param>
/// <param name="Mirrored">Whether the image is mirrored first.</param>
/// <param name="Halved">Whether it is half a body.</param>
public readonly record struct PoseChange(PersonCrop Crop, double Degrees, bool Mirrored, bool Halved)
{
    /// <summary>The crop in the image, or in its mirror image.</summary>
    /// <param name="width">The image's width.</param>
    public PersonCrop In(int width) => Mirrored ? Crop.Mirrored(width) : Crop;

    /// <summary>
    /// Moves joints with the image: mirrored, with left and right exchanged and joints that are not visible set to 0, then mapped where
    /// visible.
    /// </summary>
    /// <param name="joints">x, y and visibility of each joint; changed.</param>
    /// <param name="width">The image's width.</param>
    /// <param name="pairs">Left and right joints.</param>
    /// <param name="map">From the (mirrored) image to the crop.</param>
    public void Move(Span<double> joints, int width, IReadOnlyList<(int Left, int Right)> pairs, AffineMap map)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        if (Mirrored)
        {
            for (var k = 0; k < joints.Length; k += 3)
                joints[k] = width - joints[k] - 1;
            foreach (var (left, right) in pairs)
                for (var c = 0; c < 3; c++)
                    (joints[3 * left + c], joints[3 * right + c]) = (joints[3 * right + c], joints[3 * left + c]);
            for (var k = 0; k < joints.Length; k += 3)
                if (!(joints[k + 2] > 0))
                    joints[k] = joints[k + 1] = 0;
        }
        for (var k = 0; k < joints.Length; k += 3)
            if (joints[k + 2] > 0)
                (joints[k], joints[k + 1]) = map.Map(joints[k], joints[k + 1]);
    }
}

/// <summary>Random numbers of an augmentation.</summary>
public interface IPoseDraws
{
    /// <summary>From 0 up to 1.</summary>
    double Uniform();

    /// <summary>Normal, of mean 0 and deviation 1.</summary>
    double Normal();
}

/// <summary>Random numbers that depend only on seed, epoch and person.</summary>
public sealed class KeyedPoseDraws : IPoseDraws
{
    KeyedRandom random;

    /// <summary>The numbers of a person in an epoch.</summary>
    public KeyedPoseDraws(int seed, int epoch, int person) => random = new KeyedRandom(seed, epoch, person);

    /// <inheritdoc/>
    public double Uniform() => random.Unit();

    /// <summary>Normal, after Box and Muller.</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.Unit())) * Math.Cos(2 * Math.PI * random.Unit());
}
