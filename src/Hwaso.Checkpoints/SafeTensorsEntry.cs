
namespace Hwaso.Checkpoints;

/// <summary>One tensor of a header; offsets count from the end of the header.</summary>
sealed record SafeTensorsEntry(string Name, ElementType Type, long[] Shape, long Begin, long End);
