using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Data.Depth;

/// <summary>
/// Cityscapes' disparity, of stereo in the published set and exact in rendered scenes: <c>disparity/SPLIT/CITY/NAME_disparity.png</c>, 16 bits, a
/// value v above 0 meaning (v − 1) / 256 pixels. It is learned as it is, the inverse of depth: near is large, and what is far ends at 0.
/// </summary>
public sealed class DisparityFolder : DepthSource
{
    const string ImageEnd = "_leftImg8bit.png", DisparityEnd = "_disparity.png";

    readonly string folder, split;
    readonly double pixelsOfOne;

    /// <summary>The disparity of a split.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The split.</param>
    /// <param name="pixelsOfOne">The disparity that is learned as 1; the default is the search range of the published set's stereo, so that disparities come to 0 … 1.</param>
    /// <exception cref="DatasetException">There is no disparity folder.</exception>
    public DisparityFolder(string root, string split, double pixelsOfOne = 128)
    {
        folder = Folders.Cityscapes(Folders.Require(root, "the data set's folder"), "disparity")
            ?? throw new DatasetException(root, "no disparity in it or in one of its folders; unpack Cityscapes' disparity beside leftImg8bit, or name a folder of depth PNGs");
        (this.split, this.pixelsOfOne) = (split, pixelsOfOne);
    }

    /// <inheritdoc/>
    public override string PathOf(Sample sample)
    {
        var name = Path.GetFileName(sample.ImagePath);
        var city = Path.GetFileName(Path.GetDirectoryName(sample.ImagePath)!);
        return Path.Combine(folder, split, city, name.EndsWith(ImageEnd, StringComparison.Ordinal) ? name[..^ImageEnd.Length] + DisparityEnd : sample.Id + DisparityEnd);
    }

    /// <inheritdoc/>
    public override DepthMap Read(Sample sample)
    {
        var path = PathOf(sample);
        if (!File.Exists(path))
            throw new DatasetException(sample.ImagePath, $"has no disparity: {path} was wanted");
        var image = Png.ReadGray16(path);
        return new DepthMap(image.Width, image.Height, Array.ConvertAll(image.Values, v => v == 0 ? float.NaN : (float)((v - 1) / (256 * pixelsOfOne))));
    }
}
