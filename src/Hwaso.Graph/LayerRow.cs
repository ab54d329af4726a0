namespace Hwaso.Graph;

/// <summary>One line of a layer table.</summary>
/// <param name="Path">The module's path.</param>
/// <param name="Kind">The name of its type.</param>
/// <param name="InputShapes">The sizes of what went in.</param>
/// <param name="OutputShapes">The sizes of what came out.</param>
/// <param name="Parameters">Learnable parameters under it.</param>
/// <param name="Macs">Multiply-adds of its convolution and linear layers, one image.</param>
/// <param name="MacsAll">Those and its other matrix products.</param>
public sealed record LayerRow(
    string Path, string Kind, IReadOnlyList<IReadOnlyList<long>> InputShapes, IReadOnlyList<IReadOnlyList<long>> OutputShapes, long Parameters, long Macs, long MacsAll);
