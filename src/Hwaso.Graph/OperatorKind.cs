namespace Hwaso.Graph;

/// <summary>How an operator enters the cost.</summary>
public enum OperatorKind
{
    /// <summary>A convolution or linear layer: its multiply-adds are what the field reports.</summary>
    Layer,

    /// <summary>A product of two computed matrices, such as attention's.</summary>
    Product,

    /// <summary>Element-wise work, normalisation, pooling, resizing, moving: not counted.</summary>
    Free,
}
