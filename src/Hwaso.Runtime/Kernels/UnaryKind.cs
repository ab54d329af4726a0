namespace Hwaso.Runtime.Kernels;

/// <summary>Functions of one number, by ONNX's names.</summary>
enum UnaryKind
{
    Identity,
    Relu,
    Clip,
    LeakyRelu,
    Sigmoid,
    HardSigmoid,
    HardSwish,
    Tanh,
    Gelu,
    GeluTanh,
    Silu,
    Softplus,
    Elu,
    Erf,
    Exp,
    Log,
    Sqrt,
    Abs,
    Neg,
    Floor,
    Ceil,
    Reciprocal,
}
