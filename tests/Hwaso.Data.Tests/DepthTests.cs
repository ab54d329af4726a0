using Hwaso.Data.Depth;
using Hwaso.Data.Layouts;
using Hwaso.Data.Loading;
using Hwaso.Imaging;
using Hwaso.Scenes;

namespace Hwaso.Data.Tests;

public sealed class DepthTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-depth").FullName;

    [Fact]
    public void Depth_comes_back_within_half_a_step_of_its_largest_and_nothing_stays_nothing()
    {
        float[] metres = [0.002f, 7.5f, float.NaN, 79.9f, 1, float.PositiveInfinity, 0, -1];
        DepthPng.Write(At("a.png"), new DepthMap(4, 2, metres));
        var back = DepthPng.Read(At("a.png"));
        Assert.Equal((4, 2), (back.Width, back.Height));
        for (var k = 0; k < metres.Length; k++)
            if (metres[k] > 0 && float.IsFinite(metres[k]))
                Assert.Equal(metres[k], back.Values[k], 79.9 / 65535 / 2 + 1e-5);
            else
                Assert.True(float.IsNaN(back.Values[k]));
        Assert.Equal("0.001219", Png.Info(At("a.png")).Text[DepthPng.ScaleKey][..8]);
    }

    [Fact]
    public void A_map_without_any_depth_is_written_and_read()
    {
        DepthPng.Write(At("none.png"), new DepthMap(2, 1, [float.NaN, float.NaN]));
        Assert.All(DepthPng.Read(At("none.png")).Values, v => Assert.True(float.IsNaN(v)));
    }

    [Fact]
    public void A_PNG_that_does_not_say_its_scale_is_refused_with_what_to_do()
    {
        Png.WriteGray16(At("bare.png"), new Gray16Image(1, 1));
        Assert.Contains($"a text entry {DepthPng.ScaleKey}", Assert.Throws<DatasetException>(() => DepthPng.Read(At("bare.png"))).Message,
            StringComparison.Ordinal);
        Png.WriteGray16(At("zero.png"), new Gray16Image(1, 1), new Dictionary<string, string> { [DepthPng.ScaleKey] = "0" });
        Assert.Throws<DatasetException>(() => DepthPng.Read(At("zero.png")));
        Png.WriteGray(At("eight.png"), new LabelMap(1, 1));
        Assert.Contains("8-bit", Assert.Throws<ImageFormatException>(() => DepthPng.Read(At("eight.png"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Disparity_is_read_in_units_of_its_search_range()
    {
        using var data = new LookAlike().Cityscapes(2);
        foreach (var k in new[] { 0, 1 })
        {
            var image = new Gray16Image(24, 16);
            image.Values[5] = 1 + 256 * 64;
            image.Values[6] = 1;
            Png.WriteGray16(data.Make("disparity", "train", "city", $"city_{k:000000}_000019_disparity.png"), image);
        }
        var split = Datasets.Open("cityscapes", data.Root, "train");
        var map = new DisparityFolder(data.Root, "train").Read(split.Samples[1]);
        Assert.Equal(0.5f, map.Values[5]);
        Assert.Equal(0, map.Values[6]);
        Assert.True(float.IsNaN(map.Values[0]));
    }

    [Fact]
    public void Depth_of_rendered_scenes_lies_as_their_labels_do()
    {
        SceneSet.Write(folder, SceneLayout.Cityscapes, 2, 96, 48, 1, val: 0);
        var split = Datasets.Open("cityscapes", folder, "train");
        var loader =
            new Loader(split, new Augmentation { CropHeight = 32, CropWidth = 64 }, new LoaderOptions { BatchSize = 2, DropLast = false },
                new DisparityFolder(folder, "train"));
        using var batch = loader.Epoch(0).Single();
        const byte Sky = 10;
        var (sky, ground) = (0, 0);
        for (var k = 0; k < batch.Labels.Length; k++)
        {
            // Nothing is behind the sky; what is on the ground is at some depth.
            if (batch.Labels[k] == Sky && ++sky > 0)
                Assert.True(float.IsNaN(batch.Depth[k]));
            if (batch.Labels[k] is 0 or 1 or 13 && ++ground > 0)
                Assert.InRange(batch.Depth[k], 1e-6f, 1);
        }
        Assert.True(sky > 0 && ground > 0);
    }

    [Fact]
    public void Rendered_scenes_have_one_depth_in_both_layouts()
    {
        SceneSet.Write(At("city"), SceneLayout.Cityscapes, 1, 96, 48, 1, val: 0);
        SceneSet.Write(At("voc"), SceneLayout.Voc, 1, 96, 48, 1, val: 1);
        var disparity = new DisparityFolder(At("city"), "train", pixelsOfOne: 1)
            .Read(Datasets.Open("cityscapes", At("city"), "train").Samples[0]);
        var depth = new DepthFolder(DepthFolder.Find(At("voc"), "Depth")!, metresOfOne: 1)
            .Read(Datasets.Open("voc", At("voc"), "train").Samples[0]);
        var products = new List<float>();
        for (var k = 0; k < depth.Values.Length; k++)
        {
            // Far away 1/256 pixel of disparity is many metres; the nearest is beyond the 16 bits of disparity.
            Assert.True(float.IsNaN(depth.Values[k]) || depth.Values[k] > 0);
            Assert.Equal(float.IsNaN(depth.Values[k]), float.IsNaN(disparity.Values[k]));
            if (disparity.Values[k] is > 2 and < 200)
                products.Add(depth.Values[k] * disparity.Values[k]);
        }
        // Disparity is baseline × focal length ÷ depth: one product everywhere, to the half steps of both.
        Assert.True(products.Count > 500);
        Assert.All(products, p => Assert.Equal(products[0], p, products[0] * 0.01));
    }

    [Fact]
    public void A_folder_of_depth_is_looked_for_where_one_works_and_then_in_the_data_set()
    {
        using var data = new LookAlike().Voc(1);
        Assert.Null(DepthFolder.Find(data.Root, "Depth"));
        var inData = Path.GetDirectoryName(data.Make("VOCdevkit", "VOC2012", "Depth", "any"))!;
        Assert.Equal(inData, DepthFolder.Find(data.Root, "Depth"));
        Assert.Equal(folder, DepthFolder.Find(data.Root, folder));
    }

    [Fact]
    public void A_folder_holds_depth_by_the_name_of_the_image_or_by_its_id()
    {
        using var data = new LookAlike().Cityscapes(2);
        var split = Datasets.Open("cityscapes", data.Root, "train");
        var map = new DepthMap(24, 16, [.. Enumerable.Repeat(5f, 24 * 16)]);
        DepthPng.Write(At("city_000000_000019_leftImg8bit.png"), map);
        DepthPng.Write(At("city_000001_000019.png"), map);
        var depths = new DepthFolder(folder);
        // 5 m in units of 10 m, to a 16-bit step.
        Assert.All(split.Samples, s => Assert.Equal(0.5, depths.Read(s).Values[7], 1e-5));

        File.Delete(At("city_000001_000019.png"));
        var error = Assert.Throws<DatasetException>(() => depths.Read(split.Samples[1]));
        Assert.Contains(split.Samples[1].ImagePath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_of_another_size_than_its_image_is_an_error_at_its_batch()
    {
        using var data = new LookAlike().Cityscapes(1);
        DepthPng.Write(At("city_000000_000019.png"), new DepthMap(12, 8, new float[12 * 8]));
        var loader = new Loader(Datasets.Open("cityscapes", data.Root, "train"), new Augmentation { CropHeight = 8, CropWidth = 8 },
            new LoaderOptions { BatchSize = 1 }, new DepthFolder(folder));
        var error = Assert.Throws<DatasetException>(() => loader.Epoch(0).First());
        Assert.Contains("is 12×8, its image", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_set_without_disparity_says_so()
    {
        using var data = new LookAlike().Cityscapes(1);
        Assert.Contains("no disparity", Assert.Throws<DatasetException>(() => new DisparityFolder(data.Root, "train")).Message,
            StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string At(string name) => Path.Combine(folder, name);
}
