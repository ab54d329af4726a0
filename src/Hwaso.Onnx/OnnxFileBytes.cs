namespace Hwaso.Onnx;

/// <summary>An exported network.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Operators">How many nodes it has of each of ONNX's operators.</param>
public sealed record OnnxFileBytes(byte[] Bytes, IReadOnlyDictionary<string, int> Operators);
