namespace Hwaso.Data;

/// <summary>One class of a data set.</summary>
/// <param name="Name">Its name, as the data set writes it.</param>
/// <param name="R">Red of its colour.</param>
/// <param name="G">Green.</param>
/// <param name="B">Blue.</param>
/// <param name="Category">The group it belongs to; null where the data set has none.</param>
/// <param name="HasInstances">Whether its objects are told apart.</param>
public sealed record ClassEntry(string Name, byte R, byte G, byte B, string? Category = null, bool HasInstances = false);
