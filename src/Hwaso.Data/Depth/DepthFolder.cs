namespace Hwaso.Data.Depth;

/// <summary>A folder of depth PNGs named as the images or as their ids: pseudo depth by a teacher, as <c>hwaso depth</c> writes it.</summary>
/// <param name="folder">The folder.</param>
/// <param name="metresOfOne">The depth that is learned as 1; the default is the largest of teachers for rooms, so that depths come to 0 … 1, where the squared error is of the order of a cross entropy.</param>
public sealed class DepthFolder(string folder, double metresOfOne = DepthFolder.UsualMetres) : DepthSource
{
    /// <summary>The depth that is learned as 1 unless a recipe says otherwise, in metres.</summary>
    public const double UsualMetres = 10;

    /// <summary>The folder that a recipe names: from the working directory, or else from the data set's folder or its <c>VOC2012</c>; null where there is none.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="given">The folder, as it was written.</param>
    public static string? Find(string root, string given) =>
        new[] { given, Path.Combine(root, given), Path.Combine(root, "VOC2012", given), Path.Combine(root, "VOCdevkit", "VOC2012", given) }.FirstOrDefault(Directory.Exists);

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
