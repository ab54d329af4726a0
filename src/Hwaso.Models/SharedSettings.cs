using Hwaso.Recipes;

namespace Hwaso.Models;

/// <summary>Settings that networks of every kind have under the same key.</summary>
static class SharedSettings
{
    /// <summary><c>align_corners</c>.</summary>
    public static Settings<T> AlignCorners<T>(this Settings<T> settings, Func<T, bool> get, Func<T, bool, T> set) => settings.Flag(
        "align_corners", get, set, "whether bilinear resizing inside a segmentation network aligns corner pixels");

    /// <summary><c>bn_momentum</c>.</summary>
    public static Settings<T> BatchNormMomentum<T>(this Settings<T> settings, Func<T, double> get, Func<T, double, T> set) =>
        settings.Number(
        "bn_momentum", get, set, 0,
        "weight of a new batch in every batch norm's running statistics; the two official HRNet branches have 0.1 and 0.01", max: 1,
        aboveMin: true);

    /// <summary><c>final_kernel</c>.</summary>
    public static Settings<T> FinalKernel<T>(this Settings<T> settings, Func<T, int?> get, Func<T, int, T> set) => settings.Int(
        "final_kernel", get, set, 1, "kernel of the last convolution, in `hrnetv2` and `hrnet-pose`", among: [1, 3]);
}
