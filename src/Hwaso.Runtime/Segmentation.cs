namespace Hwaso.Runtime;

/// <summary>The labels of an image.</summary>
/// <param name="Width">Columns of the image.</param>
/// <param name="Height">Rows of the image.</param>
/// <param name="Labels">The class of each pixel, row by row from the top.</param>
/// <param name="Scores">The score of each class at each pixel, [K, height, width], before softmax; null unless requested.</param>
/// <param name="Classes">Names and colours of the classes, by label; empty if the file does not name them.</param>
/// <param name="Tiles">The number of tiles that the image was segmented in; 1 if it was segmented as a whole.</param>
public sealed record Segmentation(
    int Width, int Height, byte[] Labels, float[]? Scores, IReadOnlyList<SegmentationClass> Classes, int Tiles);

/// <summary>A class of a segmentation network.</summary>
/// <param name="Name">The name of the class.</param>
/// <param name="R">Red of the colour to draw it in, 0 to 255.</param>
/// <param name="G">Green, 0 to 255.</param>
/// <param name="B">Blue, 0 to 255.</param>
public sealed record SegmentationClass(string Name, byte R, byte G, byte B);
