namespace Hwaso.Data.Checking;

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

    /// <summary>An image of 16 bits a colour, of which the upper 8 are taken.</summary>
    DeepImage,
}
