using Hwaso.Imaging;

namespace Hwaso.Data.Loading;

/// <summary>How much of a crop its commonest class has, counted as mmsegmentation's RandomCrop does.</summary>
static class ClassShare
{
    /// <summary>
    /// Whether a crop has two classes or more and none has this share of its labelled pixels: ignored pixels and padding are not counted.
    /// </summary>
    public static bool IsBelow(double share, LabelMap labels, Augmentation augmentation, in CropPlan plan)
    {
        var (width, height) = (
            Math.Min(augmentation.CropWidth, plan.ScaledWidth - plan.X), Math.Min(augmentation.CropHeight, plan.ScaledHeight - plan.Y));
        var (acrossRatio, downRatio) = ((double)labels.Width / plan.ScaledWidth, (double)labels.Height / plan.ScaledHeight);
        var columns = new int[width];
        for (var x = 0; x < width; x++)
            columns[x] = Math.Min((int)((x + plan.X) * acrossRatio), labels.Width - 1);
        Span<int> counts = stackalloc int[byte.MaxValue + 1];
        counts.Clear();
        for (var y = 0; y < height; y++)
        {
            var row = labels.Labels.AsSpan(Math.Min((int)((y + plan.Y) * downRatio), labels.Height - 1) * labels.Width, labels.Width);
            foreach (var column in columns)
                counts[row[column]]++;
        }
        counts[ClassList.Ignore] = 0;
        var (classes, most, all) = (0, 0, 0);
        foreach (var count in counts)
            (classes, most, all) = (classes + (count > 0 ? 1 : 0), Math.Max(most, count), all + count);
        return classes > 1 && most < share * all;
    }
}
