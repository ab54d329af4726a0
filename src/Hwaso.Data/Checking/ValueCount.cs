namespace Hwaso.Data.Checking;

/// <summary>A value found in label files.</summary>
/// <param name="Value">The value, 0 to 255.</param>
/// <param name="Pixels">Pixels that hold it.</param>
/// <param name="Images">Files that hold it.</param>
/// <param name="Meaning">The class, or ignored; null where it is neither.</param>
public sealed record ValueCount(int Value, long Pixels, int Images, string? Meaning);
