namespace Hwaso.Runtime.Format;

/// <summary>A tensor of a file, its numbers read: floating-point ones as single precision, all others as 64-bit integers.</summary>
/// <param name="Name">Its name; may be empty in an attribute.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Floats">Its numbers if they are floating point: views of the file where it holds them as they are used.</param>
/// <param name="Ints">Its numbers if they are not.</param>
sealed record OnnxTensor(string Name, int[] Shape, ReadOnlyMemory<byte>? Floats, long[]? Ints);
