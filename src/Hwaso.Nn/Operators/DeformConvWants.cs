namespace Hwaso.Nn;

/// <summary>Which gradients of a deformable convolution are wanted.</summary>
readonly record struct DeformConvWants(bool Input, bool Offset, bool Weight, bool Mask, bool Bias);
