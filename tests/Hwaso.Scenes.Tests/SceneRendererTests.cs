using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Hwaso.Scenes.Tests;

public class SceneRendererTests
{
    static readonly int[] TrainIds = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];

    /// <summary>
    /// Road, vehicles, sky and the rest of Cityscapes' 34 ids that a renderer may write (labels.py of cityscapesScripts).
    /// </summary>
    static readonly HashSet<byte> Known = [.. Enumerable.Range(0, 34).Select(i => (byte)i)];

    static string Hash(Scene scene)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        all.AppendData(scene.Image.Pixels);
        all.AppendData(scene.LabelIds.Labels);
        all.AppendData(MemoryMarshal.AsBytes<ushort>(scene.InstanceIds.Values));
        all.AppendData(MemoryMarshal.AsBytes<float>(scene.DepthMetres));
        return Convert.ToHexString(all.GetHashAndReset());
    }

    [Fact]
    public void Scene_is_the_same_bytes_when_rendered_again_on_other_threads()
    {
        var first = Enumerable.Range(0, 6).Select(i => Hash(SceneRenderer.Render(160, 80, (ulong)i))).ToArray();
        var second = new string[6];
        Parallel.For(0, 6, new ParallelOptions { MaxDegreeOfParallelism = 3 }, i =>
            second[5 - i] = Hash(SceneRenderer.Render(160, 80, (ulong)(5 - i))));
        Assert.Equal(first, second);
        Assert.Equal(6, first.Distinct().Count());
    }

    /// <summary>Image, labels, instances and depth, recorded on x64 Linux; other systems may round sines and powers differently.</summary>
    [Theory]
    [InlineData(160, 80, 1, "F7BFB55B7AF0EBF482C73875A02E58607A7FF4D74964A1666F04C6AD5F20024B")]
    [InlineData(160, 80, 2, "CA0D979EF552C760CDFA6F21E18A85237B6F103486627962B5BB8717DDB1AEB4")]
    [InlineData(97, 61, 4, "0D5423782C7B71BB80B2B87506CC9C72E4AE1D2F5B8B1C79C051F90AAF4D45F9")]
    [InlineData(256, 128, 5, "C25E8DC3CDAE51443D8B52B63A3B3EF7DA223366EF8D6E2F05EDDFB9ED03B08E")]
    [InlineData(512, 256, 6, "C438E6471BD993501E2C756B068C4CABD4A4074C22B3F5574E47F71E7D2A30C9")]
    [InlineData(160, 80, 12, "36281A25A874EF39BE1903A50B0535740FA21A59F8DAD40F713D0BB8E2DC705D")]
    public void Scene_has_the_recorded_bytes(int width, int height, int seed, string hash) =>
        Assert.Equal(hash, Hash(SceneRenderer.Render(width, height, (ulong)seed)));

    [Theory]
    [InlineData(33, 17)]
    [InlineData(8, 8)]
    [InlineData(17, 90)]
    [InlineData(1024, 512)]
    public void Scene_has_the_size_that_was_asked_when_odd_small_or_large(int width, int height)
    {
        var scene = SceneRenderer.Render(width, height, 7);
        Assert.Equal((width, height), (scene.Image.Width, scene.Image.Height));
        Assert.Equal((width, height), (scene.LabelIds.Width, scene.LabelIds.Height));
        Assert.Equal((width, height), (scene.InstanceIds.Width, scene.InstanceIds.Height));
        Assert.Equal(width * height, scene.DepthMetres.Length);
        Assert.True(scene.Image.Pixels.Distinct().Count() > 20);
    }

    [Theory]
    [InlineData(7, 64)]
    [InlineData(64, 0)]
    [InlineData(8193, 64)]
    public void Size_out_of_range_is_an_error_that_names_the_side(int width, int height)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => SceneRenderer.Render(width, height, 1));
        Assert.Equal(width == 64 ? "height" : "width", error.ParamName);
    }

    [Fact]
    public void Labels_instances_and_depth_agree_with_each_other_in_every_scene()
    {
        for (ulong seed = 100; seed < 112; seed++)
        {
            var scene = SceneRenderer.Render(192, 96, seed);
            for (var i = 0; i < scene.DepthMetres.Length; i++)
            {
                int label = scene.LabelIds.Labels[i], instance = scene.InstanceIds.Values[i];
                var depth = scene.DepthMetres[i];
                Assert.Contains((byte)label, Known);
                Assert.Equal(label, label is >= 24 and <= 33 ? instance / 1000 : instance);
                Assert.Equal(label == 23, float.IsPositiveInfinity(depth));
                if (label is 1 or 2 or 3)
                    Assert.Equal(0, depth);
                else
                    Assert.True(depth > 0.1f, $"seed {seed}, pixel {i}: depth {depth} m");
            }
        }
    }

    [Fact]
    public void Road_lies_at_the_depth_of_the_pinhole_formula_and_hides_nothing_nearer()
    {
        int compared = 0, exact = 0;
        for (ulong seed = 200; seed < 206; seed++)
        {
            var scene = SceneRenderer.Render(256, 128, seed);
            for (var y = 1; y < 127; y++)
                for (var x = 1; x < 255; x++)
                {
                    var at = y * 256 + x;
                    var expected = scene.Camera.RoadDepthMetres(x + 0.5f, y + 0.5f);
                    var depth = scene.DepthMetres[at];
                    if (scene.LabelIds.Labels[at] != 7 || !(expected < 60))
                    {
                        // Nothing but the road's own bed may lie behind the road's plane: what stands on it is nearer.
                        if (depth > 0 && expected < 60)
                            Assert.True(depth < expected * 1.1f + 0.05f,
                                $"seed {seed} ({x}, {y}): {depth} m behind the road at {expected} m");
                        continue;
                    }
                    // A pixel that is all road averages its four samples to its centre, float32 leaves 1e-5. One that a thin thing cuts
                    // averages fewer: its depth is the road's somewhere within a quarter of a pixel.
                    compared++;
                    exact += Math.Abs(depth / expected - 1) < 1e-4 ? 1 : 0;
                    Assert.InRange(depth, scene.Camera.RoadDepthMetres(x + 0.5f, y + 0.76f),
                        scene.Camera.RoadDepthMetres(x + 0.5f, y + 0.24f));
                }
        }
        Assert.True(compared > 5000, $"only {compared} road pixels");
        Assert.True(exact > 0.95 * compared, $"{exact} of {compared} road pixels at the formula's depth");
    }

    [Fact]
    public void Camera_formula_agrees_with_a_ray_met_with_the_ground_by_hand()
    {
        // 45° down from 2 m: the centre ray runs 2·√2 m along the axis.
        var camera = new SceneCamera(100, 50, 50, 2, MathF.PI / 4, 0, 0.22f);
        Assert.Equal(2 * Math.Sqrt(2), camera.RoadDepthMetres(50, 50), 1e-4);
        // 45° further up looks at the horizon.
        Assert.Equal(float.PositiveInfinity, camera.RoadDepthMetres(50, -51));
        // A level camera 1.5 m high sees the road 100 rows below the centre at f·h/100.
        Assert.Equal(1.5, new SceneCamera(100, 50, 50, 1.5f, 0, 0, 0.22f).RoadDepthMetres(10, 150), 1e-5);
    }

    [Fact]
    public void Sixty_scenes_hold_all_nineteen_classes_with_roads_large_and_signs_rare()
    {
        var counts = new long[256];
        var scenes = new int[256];
        for (ulong seed = 0; seed < 60; seed++)
        {
            var labels = SceneRenderer.Render(128, 64, seed).LabelIds.Labels;
            foreach (var label in labels)
                counts[label]++;
            foreach (var label in labels.Distinct())
                scenes[label]++;
        }
        Assert.All(TrainIds, id => Assert.True(scenes[id] >= 3, $"label {id} is in {scenes[id]} of 60 scenes"));
        double all = counts.Sum();
        Assert.InRange(counts[7] / all, 0.15, 0.5);
        Assert.InRange(counts[11] / all, 0.08, 0.4);
        Assert.InRange(counts[21] / all, 0.04, 0.35);
        Assert.All(new[] { 17, 19, 20, 25, 33 }, id => Assert.True(counts[id] < 0.03 * all, $"label {id}: {counts[id] / all:P1}"));
        // What training ignores is there, and little.
        Assert.True(counts[1] > 0 && counts[2] > 0);
    }

    [Fact]
    public void Near_things_hide_far_ones_along_every_column_of_road()
    {
        // Below a vehicle's foot comes nearer ground: down a column of the picture, road depth only falls.
        var scene = SceneRenderer.Render(192, 96, 42);
        for (var x = 0; x < 192; x++)
        {
            var previous = float.PositiveInfinity;
            for (var y = 0; y < 96; y++)
                if (scene.LabelIds.Labels[y * 192 + x] == 7)
                {
                    Assert.True(scene.DepthMetres[y * 192 + x] <= previous * 1.02f);
                    previous = scene.DepthMetres[y * 192 + x];
                }
        }
    }
}
