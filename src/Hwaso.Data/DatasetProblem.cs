namespace Hwaso.Data;

/// <summary>Something in a data set that training or scoring would stumble over.</summary>
/// <param name="Path">The file or folder.</param>
/// <param name="Kind">The sort of problem.</param>
/// <param name="Message">The finding, the expectation, and what to do.</param>
public sealed record DatasetProblem(string Path, ProblemKind Kind, string Message);

/// <summary>Sorts of problems.</summary>
public enum ProblemKind
{
    /// <summary>A folder, list or split is not there or empty.</summary>
    MissingSplit,

    /// <summary>An image has no label, or a list names a file that is not there.</summary>
    MissingFile,

    /// <summary>A file is damaged, of another kind, or cannot be read.</summary>
    BrokenFile,

    /// <summary>Image and label differ in size.</summary>
    SizeMismatch,

    /// <summary>A label that is no class.</summary>
    UnknownLabel,

    /// <summary>A label map without a single labelled pixel.</summary>
    NothingLabelled,

    /// <summary>The same image in two splits, or twice in one: by name, or by its bytes.</summary>
    Duplicate,

    /// <summary>An image whose Exif data ask viewers to turn it; pixels are taken as stored.</summary>
    Rotated,

    /// <summary>A PNG that is read although the CRC of one of its chunks is wrong; other programs refuse it.</summary>
    WrongChecksum,

    /// <summary>An image of 16 bits a colour, of which the upper 8 are taken.</summary>
    DeepImage,

    /// <summary>An entry of an annotation file that contradicts another, the images or itself.</summary>
    BadAnnotation,
}

/// <summary>Thrown for a data set that cannot be used; names the path, the problem and what to do.</summary>
/// <param name="path">The file or folder.</param>
/// <param name="problem">The finding and the expectation.</param>
/// <param name="inner">The error behind it.</param>
public sealed class DatasetException(string path, string problem, Exception? inner = null) : Exception($"{path}: {problem}", inner)
{
    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;

    /// <summary>The problem, without the path.</summary>
    public string Problem { get; } = problem;
}
