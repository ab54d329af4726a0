namespace Hwaso.Torch.Operators;

/// <summary>One parameter of a schema.</summary>
/// <param name="Name">Its name in ATen.</param>
/// <param name="Type">Its type as the schema prints it, without write marks: <c>Tensor</c>, <c>int[2]</c>, <c>Scalar?</c>.</param>
/// <param name="Default">Its default as the schema prints it; null where there is none.</param>
/// <param name="Written">Whether the operator writes to it (<c>Tensor(a!)</c>).</param>
public sealed record Parameter(string Name, string Type, string? Default, bool Written);
