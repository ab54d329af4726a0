namespace Hwaso.Runtime.Kernels;

/// <summary>A function of one number.</summary>
/// <param name="Kind">Which.</param>
/// <param name="A">Its first parameter: the lower bound, slope or alpha.</param>
/// <param name="B">Its second: the upper bound or beta.</param>
readonly record struct Unary(UnaryKind Kind, float A = 0, float B = 0);
