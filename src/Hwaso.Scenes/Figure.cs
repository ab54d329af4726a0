namespace Hwaso.Scenes;

/// <summary>The 17 joints of a person in the world, in COCO's order; left is the person's own left.</summary>
/// <param name="Instance">The person's instance.</param>
/// <param name="Joints">The joints.</param>
sealed record Figure(ushort Instance, Vec3[] Joints)
{
    /// <summary>COCO's keypoints.</summary>
    public const int Count = 17;

    // A joint lies inside the limb: the surface before it is at most this much nearer.
    const float ThickestLimb = 0.22f;

    // Of smaller people COCO's annotators mark no joints.
    const int LeastPixels = 400;

    /// <summary>Sets the joints of an arm and a leg.</summary>
    /// <param name="joints">The joints.</param>
    /// <param name="side">-1 left, 1 right.</param>
    /// <param name="shoulder">Shoulder.</param>
    /// <param name="elbow">Elbow.</param>
    /// <param name="wrist">Wrist.</param>
    /// <param name="hip">Hip.</param>
    /// <param name="knee">Knee.</param>
    /// <param name="ankle">Ankle.</param>
    public static void Side(Vec3[] joints, int side, Vec3 shoulder, Vec3 elbow, Vec3 wrist, Vec3 hip, Vec3 knee, Vec3 ankle)
    {
        var k = side > 0 ? 1 : 0;
        (joints[5 + k], joints[7 + k], joints[9 + k]) = (shoulder, elbow, wrist);
        (joints[11 + k], joints[13 + k], joints[15 + k]) = (hip, knee, ankle);
    }

    /// <summary>Sets nose, eyes and ears of a head that sits on a neck.</summary>
    public static void Head(Vec3[] joints, Vec3 neck, Frame f, float size)
    {
        var head = neck + new Vec3(0, 0.19f * size, 0) + f.Forward * (0.02f * size);
        joints[0] = head + f.Forward * (0.105f * size);
        for (var side = -1; side <= 1; side += 2)
        {
            var k = side > 0 ? 1 : 0;
            joints[1 + k] = head + f.Forward * (0.09f * size) + f.Right * (side * 0.035f * size) + Vec3.Up * (0.03f * size);
            joints[3 + k] = head + f.Right * (side * 0.1f * size);
        }
    }

    /// <summary>The people of whom enough is seen, with their joints in pixels.</summary>
    public static List<ScenePerson> Seen(World world, View view, int samples, Picture picture, int width, int height)
    {
        var pixels = new Dictionary<ushort, int>();
        foreach (var instance in picture.Instances)
            if (instance >= StreetLabels.Person * 1000)
                pixels[instance] = pixels.GetValueOrDefault(instance) + 1;
        var people = new List<ScenePerson>();
        foreach (var figure in world.Figures)
        {
            if (!pixels.TryGetValue(figure.Instance, out var count))
                continue;
            var joints = new double[3 * Count];
            for (var j = 0; count >= LeastPixels && j < Count; j++)
            {
                var at = view.ToCamera(figure.Joints[j]);
                if (at.Z < View.Near)
                    continue;
                // A pixel's middle is at a half; joints count pixels from 0, as COCO does.
                double x = (view.CentreX + (double)view.Focal * at.X / at.Z) / samples - 0.5,
                    y = (view.CentreY + (double)view.Focal * at.Y / at.Z) / samples - 0.5;
                var (column, row) = ((int)Math.Round(x), (int)Math.Round(y));
                if (column < 0 || column >= width || row < 0 || row >= height)
                    continue;
                var pixel = row * width + column;
                var visible = picture.Instances[pixel] == figure.Instance && picture.Depth[pixel] >= at.Z - ThickestLimb;
                // Half a pixel before the first one's middle is still on the image.
                joints[3 * j] = Math.Clamp(Math.Round(x, 2), 0, width - 1);
                joints[3 * j + 1] = Math.Clamp(Math.Round(y, 2), 0, height - 1);
                joints[3 * j + 2] = visible ? 2 : 1;
            }
            people.Add(new ScenePerson(figure.Instance, joints));
        }
        return people;
    }
}

/// <summary>A person of a scene.</summary>
/// <param name="Instance">The value of its pixels in the instance map.</param>
/// <param name="Joints">
/// x, y and visibility of COCO's 17 keypoints in pixels: 2 seen, 1 hidden by something or by the person, 0 outside the image, or of a
/// person too small.
/// </param>
public sealed record ScenePerson(ushort Instance, double[] Joints);
