using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Data.Depth;

/// <summary>Where the depth of a data set's images comes from, as values near 0 to 1 to learn.</summary>
public abstract class DepthSource
{
    /// <summary>The file of an image's depth, whether it is there or not.</summary>
    public abstract string PathOf(Sample sample);

    /// <summary>Reads the depth of an image. May be called from any thread.</summary>
    /// <exception cref="DatasetException">The file is missing, or does not give the scale of its values.</exception>
    /// <exception cref="Imaging.ImageFormatException">The file is damaged or of another kind.</exception>
    public abstract DepthMap Read(Sample sample);
}

/// <summary>
/// A folder of depth PNGs named as the images or as their ids: pseudo depth by a teacher, as <c>hwaso depth</c> writes it.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="metresOfOne">The depth that becomes 1; the default is the largest depth of teachers for rooms, so that values are in 0
/// … 1, where the squared error is of the order of a cross entropy.</param>
public sealed class DepthFolder(string folder, double metresOfOne = DepthFolder.UsualMetres) : DepthSource
{
    /// <summary>The depth in metres that becomes 1 unless a recipe says otherwise.</summary>
    public const double UsualMetres = 10;

    /// <summary>
    /// The folder that a recipe names: from the working directory, or else from the data set's folder or its <c>VOC2012</c>; null where
    /// there is none.
    /// </summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="given">The folder as the recipe writes it.</param>
    public static string? Find(string root, string given) =>
        Folders.Around(root, "VOC2012").Select(f => Path.Combine(f, given)).Prepend(given).FirstOrDefault(Directory.Exists);

    /// <inheritdoc/>
    public override string PathOf(Sample sample)
    {
        var named = Path.Combine(folder, Path.GetFileNameWithoutExtension(sample.ImagePath) + ".png");
        var byId = Path.Combine(folder, sample.Id + ".png");
        return !File.Exists(named) && File.Exists(byId) ? byId : named;
    }

    /// <inheritdoc/>
    public override DepthMap Read(Sample sample)
    {
        var path = PathOf(sample);
        if (!File.Exists(path))
            throw new DatasetException(sample.ImagePath, $"has no depth: {path} was wanted; write it with hwaso depth");
        var map = DepthPng.Read(path);
        return map with { Values = Array.ConvertAll(map.Values, v => (float)(v / metresOfOne)) };
    }
}

/// <summary>
/// Cityscapes' disparity, of stereo in the published set and exact in rendered scenes: <c>disparity/SPLIT/CITY/NAME_disparity.png</c>,
/// 16 bits, a value v above 0 meaning (v − 1) / 256 pixels. Networks learn the disparity itself, the inverse of depth: near is large,
/// and far goes to 0.
/// </summary>
public sealed class DisparityFolder : DepthSource
{
    const string ImageEnd = "_leftImg8bit.png", DisparityEnd = "_disparity.png";

    readonly string folder, split;
    readonly double pixelsOfOne;

    /// <summary>The disparity of a split.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The split.</param>
    /// <param name="pixelsOfOne">The disparity that becomes 1; the default is the search range of the published set's stereo, so that
    /// values are in 0 … 1.</param>
    /// <exception cref="DatasetException">There is no disparity folder.</exception>
    public DisparityFolder(string root, string split, double pixelsOfOne = 128)
    {
        folder = Folders.Cityscapes(Folders.Require(root, "the data set's folder"), "disparity")
            ?? throw new DatasetException(root, "no disparity in it or in one of its folders; unpack Cityscapes' disparity beside "
                + "leftImg8bit, or name a folder of depth PNGs");
        (this.split, this.pixelsOfOne) = (split, pixelsOfOne);
    }

    /// <inheritdoc/>
    public override string PathOf(Sample sample)
    {
        var name = Path.GetFileName(sample.ImagePath);
        var city = Path.GetFileName(Path.GetDirectoryName(sample.ImagePath)!);
        return Path.Combine(folder, split, city,
            name.EndsWith(ImageEnd, StringComparison.Ordinal) ? name[..^ImageEnd.Length] + DisparityEnd : sample.Id + DisparityEnd);
    }

    /// <inheritdoc/>
    public override DepthMap Read(Sample sample)
    {
        var path = PathOf(sample);
        if (!File.Exists(path))
            throw new DatasetException(sample.ImagePath, $"has no disparity: {path} was wanted");
        var image = Png.ReadGray16(path);
        return new DepthMap(image.Width, image.Height,
            Array.ConvertAll(image.Values, v => v == 0 ? float.NaN : (float)((v - 1) / (256 * pixelsOfOne))));
    }
}
