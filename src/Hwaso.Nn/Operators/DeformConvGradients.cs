using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>The gradients of a deformable convolution; null where none was wanted.</summary>
sealed record DeformConvGradients(Tensor? Input, Tensor? Offset, Tensor? Weight, Tensor? Mask, Tensor? Bias);
