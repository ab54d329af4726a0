namespace Hwaso.Runtime;

/// <summary>A class that a network tells apart.</summary>
/// <param name="Name">Its name.</param>
/// <param name="R">Red of its colour.</param>
/// <param name="G">Green of its colour.</param>
/// <param name="B">Blue of its colour.</param>
public sealed record SegmentationClass(string Name, byte R, byte G, byte B);
