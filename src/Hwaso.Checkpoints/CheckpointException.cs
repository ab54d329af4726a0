namespace Hwaso.Checkpoints;

/// <summary>A weight file that is damaged, edited, of another kind, or asks for more than tensors; names the file and the key.</summary>
/// <param name="path">The file.</param>
/// <param name="key">The tensor or part of the file at fault, or null when it is the file as a whole.</param>
/// <param name="problem">The fault, what was wanted, and what to do.</param>
/// <param name="cause">The error underneath, if there is one.</param>
public sealed class CheckpointException(string path, string? key, string problem, Exception? cause = null)
    : Exception(key is null ? $"{path}: {problem}" : $"{path}: {key}: {problem}", cause)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>The tensor or part of the file at fault, or null when it is the file as a whole.</summary>
    public string? Key { get; } = key;
}
