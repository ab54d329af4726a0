namespace Hwaso.Imaging;

/// <summary>How a PNG holds its pixels, with the format's own numbers.</summary>
public enum PngColorType
{
    /// <summary>One gray value.</summary>
    Gray = 0,

    /// <summary>Red, green, blue.</summary>
    Rgb = 2,

    /// <summary>An index into a palette.</summary>
    Indexed = 3,

    /// <summary>Gray and opacity.</summary>
    GrayAlpha = 4,

    /// <summary>Red, green, blue and opacity.</summary>
    Rgba = 6,
}
