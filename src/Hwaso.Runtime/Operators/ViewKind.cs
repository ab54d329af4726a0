namespace Hwaso.Runtime.Operators;

/// <summary>Operators that give a tensor another shape, by ONNX's names.</summary>
enum ViewKind
{
    Identity,
    Reshape,
    Flatten,
    Squeeze,
    Unsqueeze,
}
