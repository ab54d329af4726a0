using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// How the exact sums of a convolution of bytes become bytes of the result's code: sum × scale + shift of the channel, within two bounds,
/// rounded, ties to even. Every number is finite, so that all processors give the same bits.
/// </summary>
sealed class ByteEnd
{
    ByteEnd(float[] scales, float[] shifts, float low, float high) => (Scales, Shifts, Low, High) = (scales, shifts, low, high);

    /// <summary>For each output channel: a sum's part of the result, in steps of its code.</summary>
    public float[] Scales { get; }

    /// <summary>For each output channel: the bias in steps of the result's code, and the code's zero.</summary>
    public float[] Shifts { get; }

    /// <summary>The least byte, before rounding.</summary>
    public float Low { get; }

    /// <summary>The largest byte, before rounding.</summary>
    public float High { get; }

    /// <summary>The end of a convolution; null if it is not of this form.</summary>
    /// <param name="factors">For each output channel: image's scale × weights' scale.</param>
    /// <param name="function">The function applied last.</param>
    /// <param name="output">The code of the result, if there is one.</param>
    /// <param name="hasBias">Whether it has a bias.</param>
    /// <param name="bias">The bias, if it is known.</param>
    public static ByteEnd? Of(float[] factors, Unary function, ByteCode? output, bool hasBias, Constant? bias) =>
        hasBias && bias is null ? null : Of(factors, function, output, c => hasBias ? bias!.Floats[c] : 0);

    /// <summary>The end of a sum; null if it is not of this form.</summary>
    /// <param name="factors">The scale of its numbers.</param>
    /// <param name="function">The function applied last.</param>
    /// <param name="output">The code of the result, if there is one.</param>
    /// <param name="summand">What is added.</param>
    public static ByteEnd? Of(float[] factors, Unary function, ByteCode? output, float summand) =>
        Of(factors, function, output, _ => summand);

    static ByteEnd? Of(float[] factors, Unary function, ByteCode? output, Func<int, float> bias)
    {
        if (output is not { } code
            || function.Kind is not (UnaryKind.Identity or UnaryKind.Relu or UnaryKind.Clip))
            return null;
        var (scales, shifts) = (new float[factors.Length], new float[factors.Length]);
        for (var c = 0; c < scales.Length; c++)
        {
            scales[c] = (float)((double)factors[c] / code.Scale);
            shifts[c] = (float)(((double)bias(c) / code.Scale) + code.Zero);
            if (!float.IsFinite(scales[c]) || !float.IsFinite(shifts[c]))
                return null;
        }
        float Bound(float number) => (float)Math.Clamp(((double)number / code.Scale) + code.Zero, 0, byte.MaxValue);
        var (low, high) = function.Kind switch
        {
            UnaryKind.Relu => (Bound(0), byte.MaxValue),
            UnaryKind.Clip => (Bound(function.A), Bound(function.B)),
            _ => (0f, byte.MaxValue),
        };
        // A scale below 0, or bounds that are not numbers, would turn the comparison around.
        return code.Scale > 0 && low <= high ? new ByteEnd(scales, shifts, low, high) : null;
    }
}
