namespace Hwaso.Training.Metrics;

/// <summary>What scores and pictures need to know of a class.</summary>
/// <param name="Name">Name, as the data set writes it.</param>
/// <param name="R">Red of its colour in the data set's palette.</param>
/// <param name="G">Green.</param>
/// <param name="B">Blue.</param>
/// <param name="Category">Group of classes that it belongs to, if the data set has groups.</param>
/// <param name="HasInstances">Whether single objects of it are told apart.</param>
/// <param name="AverageInstanceSize">Mean size of its objects in pixels, 0 if it has none.</param>
public sealed record ClassInfo(
    string Name, byte R, byte G, byte B, string? Category = null, bool HasInstances = false, double AverageInstanceSize = 0);
