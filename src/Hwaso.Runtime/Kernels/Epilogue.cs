namespace Hwaso.Runtime.Kernels;

/// <summary>What happens to a number between its computation and its place: f(value + addend).</summary>
/// <param name="Adds">Whether a tensor of the output's shape is added.</param>
/// <param name="Function">The function.</param>
readonly record struct Epilogue(bool Adds, Unary Function);
