using System.Numerics;
using Hwaso.Imaging;
using Hwaso.Runtime;

namespace Hwaso.Server.Images;

/// <summary>How sure a network is of its labels: the probability of each pixel's class.</summary>
static class Certainty
{
    /// <summary>The value of a label in a pixel of the answer, which has 256 × label + 255 × probability.</summary>
    const int Steps = byte.MaxValue;

    /// <summary>The labels and their probabilities as a PNG of 16 bits.</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="scores">
    /// The score of each class at each pixel, [K, height, width]. They become probabilities by softmax, unless they are probabilities.
    /// </param>
    /// <param name="one">What a network of one channel answers; null for scores of several classes.</param>
    public static ReadOnlyMemory<byte> Encode(LabelMap labels, ReadOnlySpan<float> scores, OneChannel? one)
    {
        var values = new ushort[labels.Labels.Length];
        var sums = one is null && !AreProbabilities(scores, values.Length) ? Exponentials(labels.Labels, scores) : null;
        for (var k = 0; k < values.Length; k++)
        {
            var label = labels.Labels[k];
            var share = one is { } kind ? OfChannel(scores[values.Length + k], kind, label)
                : sums is null ? scores[(label * values.Length) + k] : 1 / sums[k];
            values[k] = (ushort)((label << 8) + (int)MathF.Round(Steps * Math.Clamp(share, 0, 1)));
        }
        return Png.EncodeGray16(new Gray16Image(labels.Width, labels.Height, values));
    }

    static float OfChannel(float value, OneChannel kind, byte label)
    {
        var second = kind == OneChannel.Logit ? 1 / (1 + MathF.Exp(-value)) : value;
        return label == 1 ? second : 1 - second;
    }

    // The network itself may end with a softmax. Resizing keeps sums, up to rounding.
    static bool AreProbabilities(ReadOnlySpan<float> scores, int pixels)
    {
        const int Looks = 997;
        const float Rounding = 1e-3f;
        for (var look = 0; look < Looks; look++)
        {
            var sum = 0f;
            for (var k = (int)((long)look * pixels / Looks); k < scores.Length; k += pixels)
            {
                if (scores[k] < -Rounding)
                    return false;
                sum += scores[k];
            }
            if (MathF.Abs(sum - 1) > Rounding)
                return false;
        }
        return true;
    }

    // Σ exp(score − score of the label), whose reciprocal is softmax at the label.
    static float[] Exponentials(byte[] labels, ReadOnlySpan<float> scores)
    {
        var best = new float[labels.Length];
        for (var k = 0; k < best.Length; k++)
            best[k] = scores[(labels[k] * best.Length) + k];
        var sums = new float[best.Length];
        for (var plane = 0; plane < scores.Length; plane += best.Length)
        {
            var k = 0;
            for (; k <= best.Length - Vector<float>.Count; k += Vector<float>.Count)
            {
                var power = new Vector<float>(scores[(plane + k)..]) - new Vector<float>(best.AsSpan(k));
                (new Vector<float>(sums.AsSpan(k)) + Vector.Exp(power)).CopyTo(sums.AsSpan(k));
            }
            for (; k < best.Length; k++)
                sums[k] += MathF.Exp(scores[plane + k] - best[k]);
        }
        return sums;
    }
}
