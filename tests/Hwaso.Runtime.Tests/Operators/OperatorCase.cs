using System.Runtime.InteropServices;

namespace Hwaso.Runtime.Tests.Operators;

/// <summary>A model of one operator, with its inputs.</summary>
/// <param name="Text">The operator with its attributes and shapes, for messages.</param>
/// <param name="File">The model.</param>
/// <param name="Inputs">Its inputs, in order.</param>
sealed record OperatorCase(string Text, byte[] File, IReadOnlyList<CaseTensor> Inputs)
{
    /// <summary>Detects that the case changed since its answer was recorded (FNV-1a).</summary>
    public uint Hash =>
        Inputs.SelectMany(i => i.Bytes).Concat(File).Aggregate(2166136261u, (hash, part) => unchecked((hash ^ part) * 16777619u));
}

/// <summary>A tensor of a case: floating-point numbers or integers.</summary>
sealed record CaseTensor(long[] Shape, float[]? Floats, long[]? Ints)
{
    public byte[] Bytes =>
        Floats is { } floats ? MemoryMarshal.AsBytes<float>(floats).ToArray() : MemoryMarshal.AsBytes<long>(Ints!).ToArray();
}
