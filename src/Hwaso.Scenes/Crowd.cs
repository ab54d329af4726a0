namespace Hwaso.Scenes;

/// <summary>People in many poses before the camera: some alone, some before each other, some half behind cars.</summary>
sealed class Crowd(World world, StreetPlan plan, SceneRandom random)
{
    readonly People people = new(world, random.Fork());

    public void Build()
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

    float Turn() => random.Range(-MathF.PI, MathF.PI);
}
