namespace Hwaso.Runtime.Kernels;

/// <summary>What many numbers are brought to.</summary>
enum ReduceKind
{
    Sum,
    Mean,
    Max,
    Min,
}
