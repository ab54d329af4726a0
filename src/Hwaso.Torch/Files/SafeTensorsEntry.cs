namespace Hwaso.Torch.Files;

/// <summary>One tensor of a header; offsets count from the end of the header.</summary>
sealed record SafeTensorsEntry(string Name, ScalarType Type, long[] Shape, long Begin, long End);
