namespace Hwaso.Data.Depth;

/// <summary>Where the depth of a data set's images comes from, as values near 0 to 1 to learn.</summary>
public abstract class DepthSource
{
    /// <summary>The file of an image's depth, whether it is there or not.</summary>
    public abstract string PathOf(Sample sample);

    /// <summary>Reads the depth of an image. May be called from any thread.</summary>
    /// <exception cref="DatasetException">The file is not there, or does not say what its values mean.</exception>
    /// <exception cref="Imaging.ImageFormatException">It is damaged or of another kind.</exception>
    public abstract DepthMap Read(Sample sample);
}
