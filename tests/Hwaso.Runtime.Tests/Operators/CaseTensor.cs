using System.Runtime.InteropServices;

namespace Hwaso.Runtime.Tests.Operators;

/// <summary>A tensor of a case: numbers or integers.</summary>
sealed record CaseTensor(long[] Shape, float[]? Floats, long[]? Ints)
{
    public byte[] Bytes => Floats is { } floats ? MemoryMarshal.AsBytes<float>(floats).ToArray() : MemoryMarshal.AsBytes<long>(Ints!).ToArray();
}
