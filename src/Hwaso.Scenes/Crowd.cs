namespace Hwaso.Scenes;

/// <summary>People in many poses before the camera.</summary>
sealed class Crowd(World world, StreetPlan plan, SceneRandom random)
{
    readonly People people = new(world, random.Fork());

    public void Build(SceneCrowd crowd)
    {
        if (crowd == SceneCrowd.Mixed)
            Mixed();
        else if (crowd == SceneCrowd.Near)
            Near();
    }

    void Mixed()
    {
        for (int k = 0, count = 3 + random.Int(5); k < count; k++)
        {
            var s = 3.5f + 12 * random.Float() * random.Float();
            // Farther away, the camera sees more to the sides.
            var t = random.Range(-0.42f, 0.42f) * (s + 1) - plan.Point(0, 0, 0).X;
            var height = MathF.Abs(t) > plan.Half ? Ground.KerbHeight : 0;
            var pick = random.Float();
            if (pick < 0.4f)
                people.Poser(plan.At(s, t, height, Turn()));
            else if (pick < 0.8f)
                people.Walker(plan.At(s, t, height, Turn()), random.Chance(0.7f));
            else
                people.Sitter(plan.At(s, t, height, Turn()));
            if (random.Chance(0.25f))
                people.Poser(plan.At(s + random.Range(0.3f, 0.9f), t + random.Range(-0.5f, 0.5f), height, Turn()));
        }
    }

    // Side by side, so that few hide another, and mostly turned to the camera: who looks away has left and right exchanged.
    void Near()
    {
        var count = 3 + random.Int(3);
        for (var k = 0; k < count; k++)
        {
            var s = random.Range(3.4f, 5.6f);
            var share = (k + random.Range(0.2f, 0.8f)) / count;
            var t = (share - 0.5f) * 0.85f * (s + 1) - plan.Point(0, 0, 0).X;
            var height = MathF.Abs(t) > plan.Half ? Ground.KerbHeight : 0;
            var turn = random.Chance(0.9f) ? MathF.PI + random.Range(-0.9f, 0.9f) : Turn();
            var pick = random.Float();
            if (pick < 0.5f)
                people.Poser(plan.At(s, t, height, turn));
            else if (pick < 0.85f)
                people.Walker(plan.At(s, t, height, turn), random.Chance(0.7f));
            else
                people.Sitter(plan.At(s, t, height, turn));
        }
    }

    float Turn() => random.Range(-MathF.PI, MathF.PI);
}

/// <summary>The people whom a scene has besides those of its street.</summary>
public enum SceneCrowd
{
    /// <summary>None.</summary>
    None,

    /// <summary>Near and far, turned anywhere, some alone, some before each other, some half behind cars.</summary>
    Mixed,

    /// <summary>Near and side by side, nine of ten turned to the camera, as on photographs of people.</summary>
    Near,
}
