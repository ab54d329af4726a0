using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Scenes;

/// <summary>Renders labelled street scenes: geometry, light and lens drawn from a seed, ground truth exact.</summary>
public static class SceneRenderer
{
    const int Samples = 2;

    /// <summary>One scene; the same size and seed give the same bytes.</summary>
    /// <param name="width">Width in pixels, 8 to 8192.</param>
    /// <param name="height">Height in pixels, 8 to 8192.</param>
    /// <param name="seed">Chooses street, traffic, weather and camera.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is out of range.</exception>
    public static Scene Render(int width, int height, ulong seed) => Render(width, height, seed, SceneCrowd.None);

    /// <summary>One scene, with more people than a street has where that is wanted.</summary>
    /// <param name="width">Width in pixels, 8 to 8192.</param>
    /// <param name="height">Height in pixels, 8 to 8192.</param>
    /// <param name="seed">Chooses street, traffic, weather and camera.</param>
    /// <param name="crowd">The people who stand, pose and sit before the camera.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is out of range.</exception>
    public static Scene Render(int width, int height, ulong seed, SceneCrowd crowd)
    {
        Check(width, nameof(width));
        Check(height, nameof(height));
        var random = new SceneRandom(SplitMix64.Mix(seed));
        var plan = new StreetPlan(random.Fork());
        var weather = Weather.Draw(random.Fork());
        var camera = Camera(width, height, random);
        var world = new World();
        Compose(world, plan, random);
        if (crowd != SceneCrowd.None)
            new Crowd(world, plan, random.Fork()).Build(crowd);
        var view = View.Of(camera, random.Range(-0.05f, 0.05f), Samples);
        var raster = new Rasteriser(width * Samples, height * Samples, keepsSurfaces: true);
        raster.Draw(world, view, castersOnly: false);
        var picture = new Picture(width, height);
        picture.Resolve(world, view, raster, weather, plan);
        var lens = new Lens(random.Fork(), weather);
        picture.AddOwnCar(random.Fork(), weather);
        var pixels = lens.Develop(picture.Light, width, height);
        picture.AddBorder(random.Fork(), pixels);
        return new(new RgbImage(width, height, pixels), new LabelMap(width, height, picture.Labels),
            new Gray16Image(width, height, picture.Instances), picture.Depth)
        {
            Camera = camera,
            People = Figure.Seen(world, view, Samples, picture, width, height),
        };
    }

    static void Check(int side, string name)
    {
        if (side is < 8 or > 8192)
            throw new ArgumentOutOfRangeException(name, side, $"a scene of {side} pixels {name}: give 8 to 8192");
    }

    static SceneCamera Camera(int width, int height, SceneRandom random)
    {
        // Cityscapes' focal length is 1.1 image widths; a narrow image keeps the height's field of view instead.
        var focal = MathF.Max(width, height * 1.6f) * random.Range(0.85f, 1.15f);
        return new(focal, width / 2f, height * random.Range(0.42f, 0.5f), random.Range(1.2f, 1.65f), random.Range(-0.01f, 0.045f),
            random.Range(-0.015f, 0.015f), 0.22f);
    }

    static void Compose(World world, StreetPlan plan, SceneRandom random)
    {
        new Ground(world, plan, random.Fork()).Build();
        new Buildings(world, plan, random.Fork()).Build();
        var greenery = new Greenery(world, plan, random.Fork());
        greenery.Build();
        new Barriers(world, plan, greenery, random.Fork()).Build();
        new Furniture(world, plan, random.Fork()).Build();
        new Traffic(world, plan, random.Fork()).Build();
    }
}
