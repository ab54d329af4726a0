namespace Hwaso.Runtime.Kernels;

/// <summary>Functions of two numbers, by ONNX's names.</summary>
enum BinaryKind
{
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Pow,
}
