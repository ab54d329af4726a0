namespace Hwaso.Runtime.Format;

/// <summary>A declared input or output of a file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type; null where the file does not say.</param>
/// <param name="Shape">Its sizes, -1 where one is free; null where the file does not say.</param>
sealed record OnnxPort(string Name, OnnxType? Type, int[]? Shape);
