using Hwaso.Common;
using Hwaso.Imaging;

namespace Hwaso.Data.Poses;

/// <summary>
/// Warps images as cv2.warpAffine does with bilinear interpolation and a black border, byte for byte as OpenCV up to 4.10: positions in
/// 1/32 pixel, weights of 10 bits, taps outside the image counting 0.
/// </summary>
public static class ImageWarp
{
    /// <summary>Warps an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="map">From the image's pixels to the result's.</param>
    /// <param name="width">The result's width.</param>
    /// <param name="height">The result's height.</param>
    public static RgbImage Warp(RgbImage image, AffineMap map, int width, int height)
    {
        var result = new RgbImage(width, height);
        Warp(image, map, width, height, result.Pixels, mirrored: false);
        return result;
    }

    /// <summary>Warps an image, or its mirror image, into a buffer.</summary>
    /// <param name="image">The image.</param>
    /// <param name="map">From the (mirrored) image's pixels to the result's.</param>
    /// <param name="width">The result's width.</param>
    /// <param name="height">The result's height.</param>
    /// <param name="result">height × width × 3 bytes.</param>
    /// <param name="mirrored">Whether the image is mirrored left to right first.</param>
    public static void Warp(RgbImage image, AffineMap map, int width, int height, Span<byte> result, bool mirrored)
    {
        ArgumentNullException.ThrowIfNull(image);
        CropWarp.Warp(image.Pixels, image.Width, image.Height, map.Numbers, width, height, result, mirrored);
    }
}
