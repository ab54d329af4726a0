using Hwaso.Imaging;

namespace Hwaso.Scenes;

/// <summary>Cityscapes' layout: TYPE/SPLIT/CITY/CITY_000000_000019_TYPE*.png.</summary>
sealed class CityscapesWriter(string dir) : ISceneWriter
{
    // As in Cityscapes, no city is in two splits.
    static string City(string split) => split == "train" ? "hwaso" : "maru";

    public void Begin(int train, int val)
    {
        foreach (var type in new[] { "leftImg8bit", "gtFine", "disparity" })
            foreach (var split in val > 0 ? new[] { "train", "val" } : ["train"])
                Directory.CreateDirectory(Path.Combine(dir, type, split, City(split)));
    }

    public void End()
    {
    }

    public void Write(string split, int number, Scene scene)
    {
        string At(string type, string end) =>
            Path.Combine(dir, type, split, City(split), $"{City(split)}_{number:000000}_000019_{end}.png");
        Png.WriteGray(At("gtFine", "gtFine_labelIds"), scene.LabelIds);
        Png.WriteGray16(At("gtFine", "gtFine_instanceIds"), scene.InstanceIds);
        Png.WriteGray(At("gtFine", "gtFine_labelTrainIds"),
            new LabelMap(scene.LabelIds.Width, scene.LabelIds.Height, Array.ConvertAll(scene.LabelIds.Labels, StreetLabels.TrainId)));
        Png.Write(At("gtFine", "gtFine_color"), Colour(scene.LabelIds));
        Png.WriteGray16(At("disparity", "disparity"), Disparity(scene));
        // Last, so that an image is never without its labels, even where the disk fills up.
        Png.Write(At("leftImg8bit", "leftImg8bit"), scene.Image);
    }

    static RgbImage Colour(LabelMap ids)
    {
        var image = new RgbImage(ids.Width, ids.Height);
        for (var k = 0; k < ids.Labels.Length; k++)
            (image.Pixels[3 * k], image.Pixels[3 * k + 1], image.Pixels[3 * k + 2]) = StreetLabels.Color(ids.Labels[k]);
        return image;
    }

    /// <summary>d · 256 + 1 of disparity d in pixels; 0 where there is none.</summary>
    static Gray16Image Disparity(Scene scene)
    {
        var image = new Gray16Image(scene.Image.Width, scene.Image.Height);
        for (var k = 0; k < image.Values.Length; k++)
        {
            var depth = scene.DepthMetres[k];
            if (depth > 0 && float.IsFinite(depth))
                image.Values[k] =
                    (ushort)Math.Clamp(scene.Camera.BaselineMetres * scene.Camera.FocalPx / depth * 256 + 1, 1, ushort.MaxValue);
        }
        return image;
    }
}
