namespace Hwaso.Runtime;

/// <summary>An input or output of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsFloat">Whether it holds floating-point numbers, else integers.</param>
/// <param name="Shape">Its sizes, -1 where one is free; null where the file does not say.</param>
public sealed record ModelPort(string Name, bool IsFloat, IReadOnlyList<int>? Shape);
