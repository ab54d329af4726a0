namespace Hwaso.Data;

/// <summary>A data set that cannot be used as it is: which path, what is wrong, what to do.</summary>
/// <param name="path">The file or folder.</param>
/// <param name="problem">What was found and what was wanted.</param>
/// <param name="inner">The error behind it.</param>
public sealed class DatasetException(string path, string problem, Exception? inner = null) : Exception($"{path}: {problem}", inner)
{
    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong, without the path.</summary>
    public string Problem { get; } = problem;
}
