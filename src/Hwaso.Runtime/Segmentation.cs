namespace Hwaso.Runtime;

/// <summary>An image's labels.</summary>
/// <param name="Width">Columns of the image.</param>
/// <param name="Height">Rows of the image.</param>
/// <param name="Labels">The class of each pixel, row by row from the top.</param>
/// <param name="Scores">The score of each class at each pixel, [K, height, width], before softmax; null unless asked for.</param>
/// <param name="Classes">Names and colours of the classes, by label; empty where the file does not say.</param>
/// <param name="Tiles">In how many tiles it was labelled; 1 where it was seen whole.</param>
public sealed record Segmentation(int Width, int Height, byte[] Labels, float[]? Scores, IReadOnlyList<SegmentationClass> Classes, int Tiles);

/// <summary>A class that a network tells apart.</summary>
/// <param name="Name">Its name.</param>
/// <param name="R">Red of its colour.</param>
/// <param name="G">Green of its colour.</param>
/// <param name="B">Blue of its colour.</param>
public sealed record SegmentationClass(string Name, byte R, byte G, byte B);
