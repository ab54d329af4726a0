namespace Hwaso.Runtime.Kernels;

/// <summary>Where an output pixel lies in the input, by ONNX's names.</summary>
enum ResizeMode
{
    /// <summary>(x + ½) / scale − ½: PyTorch's align_corners=False.</summary>
    HalfPixel,

    /// <summary>As half pixel, but 0 where the output is one pixel.</summary>
    PytorchHalfPixel,

    /// <summary>x · (in − 1) / (out − 1): PyTorch's align_corners=True.</summary>
    AlignCorners,

    /// <summary>x / scale.</summary>
    Asymmetric,
}
