namespace Hwaso.Data.Depth;

/// <summary>A folder of depth PNGs named as the images or as their ids: pseudo depth by a teacher, as <c>hwaso depth</c> writes it.</summary>
/// <param name="folder">The folder.</param>
public sealed class DepthFolder(string folder) : DepthSource
{
    // Indoors depths are up to 10 m: so they come to 0 … 1, where the squared error is of the order of a cross entropy.
    const float MetresOfOne = 10;

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
        return map with { Values = Array.ConvertAll(map.Values, v => v / MetresOfOne) };
    }
}
