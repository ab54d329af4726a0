namespace Hwaso.Onnx;

/// <summary>How a file makes labels of scores.</summary>
/// <param name="AlignCorners">Whether scores are resized corners on corners.</param>
public sealed record LabelOptions(bool AlignCorners);
