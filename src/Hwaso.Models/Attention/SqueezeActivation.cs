namespace Hwaso.Models.Attention;

/// <summary>What squeeze-and-attention's pooled maps pass before they are upsampled.</summary>
public enum SqueezeActivation
{
    /// <summary>The logistic function: attention from 0 to 1.</summary>
    Sigmoid,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>Nothing.</summary>
    None,
}
