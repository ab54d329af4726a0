namespace Hwaso.Imaging;

/// <summary>An image file that cannot be used: which one, what is wrong with it, what to do.</summary>
/// <param name="path">The file.</param>
/// <param name="problem">What was found and what was wanted.</param>
/// <param name="cause">What was thrown below; null where nothing was.</param>
public sealed class ImageFormatException(string path, string problem, Exception? cause = null) : Exception($"{path}: {problem}", cause)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;
}
