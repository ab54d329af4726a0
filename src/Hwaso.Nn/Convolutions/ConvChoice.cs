namespace Hwaso.Nn;

/// <summary>What computes a pass of a convolution.</summary>
enum ConvMethod
{
    /// <summary>libtorch, by oneDNN.</summary>
    Libtorch,

    /// <summary><see cref="ConvPasses"/>: every product.</summary>
    Direct,

    /// <summary><see cref="MinimalPasses"/>: 16 products for 36.</summary>
    Minimal,
}

/// <summary>What computes the three passes of a convolution.</summary>
/// <param name="Output">Forward.</param>
/// <param name="Input">The gradient of the input.</param>
/// <param name="Weight">The gradient of the weights.</param>
readonly record struct ConvChoice(ConvMethod Output, ConvMethod Input, ConvMethod Weight)
{
    /// <summary>Whether libtorch computes everything.</summary>
    public bool IsLibtorch => this == default;

    /// <summary>The same for all passes.</summary>
    public static ConvChoice All(ConvMethod method) => new(method, method, method);

    /// <summary>The fastest by the measurements of docs/decisions/training-kernels.md; the shape alone decides.</summary>
    public static ConvChoice Of(in SameConvShape shape) => new(Outputs(shape), Outputs(shape.Backward()), Weights(shape));

    static ConvMethod Outputs(in SameConvShape shape) => shape.IsMinimal ? ConvMethod.Minimal : ConvMethod.Direct;

    static ConvMethod Weights(in SameConvShape shape) => shape.IsMinimal ? ConvMethod.Minimal : ConvMethod.Direct;
}
