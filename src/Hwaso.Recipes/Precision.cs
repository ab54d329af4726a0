namespace Hwaso.Recipes;

/// <summary>The type that products and convolutions compute in while training; weights, their gradients and the optimiser's state are float32 always.</summary>
public enum Precision
{
    /// <summary>float32.</summary>
    Float32,

    /// <summary>bfloat16, where the device computes in it.</summary>
    BFloat16,

    /// <summary>float16 with loss scaling; CUDA alone.</summary>
    Float16,
}
