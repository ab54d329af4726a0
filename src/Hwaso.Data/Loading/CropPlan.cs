namespace Hwaso.Data.Loading;

/// <summary>The choices made for one image: the size it is scaled to, where the crop lies in that, and whether it is mirrored.</summary>
/// <param name="ScaledWidth">Width after scaling.</param>
/// <param name="ScaledHeight">Height after scaling.</param>
/// <param name="X">Left of the crop; 0 where the scaled image is narrower than the crop and padded.</param>
/// <param name="Y">Top of the crop.</param>
/// <param name="Flip">Whether the crop is mirrored.</param>
public readonly record struct CropPlan(int ScaledWidth, int ScaledHeight, int X, int Y, bool Flip)
{
    /// <summary>Chooses, in the official code's order: scale, top, left, mirror.</summary>
    public static CropPlan Choose(Augmentation augmentation, int width, int height, ref Choices choices)
    {
        var steps = (int)Math.Round((augmentation.MaxScale - augmentation.MinScale) / augmentation.ScaleStep);
        // 0.5 + 3 × 0.1 is to be 0.8, as the official 0.5 + 3 / 10 is: the last bit can decide about a pixel.
        var scale = Math.Round(augmentation.MinScale + augmentation.ScaleStep * choices.UpTo(steps), 9);
        var longSide = Math.Max(1, (int)((augmentation.BaseSize ?? Math.Max(width, height)) * scale + 0.5));
        var (w, h) = width >= height
            ? (longSide, Math.Max(1, (int)((double)height * longSide / width + 0.5)))
            : (Math.Max(1, (int)((double)width * longSide / height + 0.5)), longSide);
        var y = choices.UpTo(Math.Max(0, h - augmentation.CropHeight));
        var x = choices.UpTo(Math.Max(0, w - augmentation.CropWidth));
        return new CropPlan(w, h, x, y, augmentation.Flip && choices.UpTo(1) == 1);
    }
}
