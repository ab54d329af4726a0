namespace Hwaso.Runtime.Format;

/// <summary>An attribute of a node as the file holds it; what it does not hold is null.</summary>
sealed record OnnxAttribute(string Name, long? Int, float? Float, string? Text, long[] Ints, float[] Floats, OnnxTensor? Tensor, bool HasGraph);
