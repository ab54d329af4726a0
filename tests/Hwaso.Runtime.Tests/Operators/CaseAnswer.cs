using System.Globalization;

namespace Hwaso.Runtime.Tests.Operators;

/// <summary>
/// A digest of a case's output: shape, largest number, sixteen samples from end to end, and a weighted sum of all numbers.
/// </summary>
sealed record CaseAnswer(int[] Shape, float Largest, double Sum, float[] Samples)
{
    const int MostSamples = 16;

    // Sums of up to a few thousand products in single precision, in another order; exp and erf are within some units in the last place.
    const double Tolerance = 2e-5;

    public static CaseAnswer Of(int[] shape, ReadOnlySpan<float> numbers)
    {
        var (largest, sum) = (0f, 0.0);
        for (var k = 0; k < numbers.Length; k++)
        {
            largest = Math.Max(largest, Math.Abs(numbers[k]));
            sum += Weight(k) * numbers[k];
        }
        var samples = new float[Math.Min(MostSamples, numbers.Length)];
        for (var k = 0; k < samples.Length; k++)
            samples[k] = numbers[samples.Length == 1 ? 0 : (int)((long)k * (numbers.Length - 1) / (samples.Length - 1))];
        return new CaseAnswer(shape, largest, sum, samples);
    }

    public static CaseAnswer Read(BinaryReader from)
    {
        var shape = Enumerable.Range(0, from.ReadByte()).Select(_ => from.Read7BitEncodedInt()).ToArray();
        var (largest, sum) = (from.ReadSingle(), from.ReadDouble());
        return new CaseAnswer(shape, largest, sum,
            [.. Enumerable.Range(0, Math.Min(MostSamples, shape.Aggregate(1, (a, b) => a * b))).Select(_ => from.ReadSingle())]);
    }

    public void Write(BinaryWriter to)
    {
        to.Write((byte)Shape.Length);
        foreach (var size in Shape)
            to.Write7BitEncodedInt(size);
        to.Write(Largest);
        to.Write(Sum);
        foreach (var sample in Samples)
            to.Write(sample);
    }

    /// <summary>How another answer differs from this one; null if it does not.</summary>
    public string? Difference(CaseAnswer other)
    {
        if (!Shape.SequenceEqual(other.Shape))
            return $"[{string.Join(", ", other.Shape)}] where [{string.Join(", ", Shape)}] was wanted";
        for (var k = 0; k < Samples.Length; k++)
            if (!IsNear(Samples[k], other.Samples[k], Largest))
                return string.Create(CultureInfo.InvariantCulture,
                    $"sample {k} is {other.Samples[k]:g7}, {Samples[k]:g7} was wanted; the largest is {Largest:g4}");
        // Rounding errors cancel: that of the sum grows with the square root of the count.
        var most = 4 * Tolerance * Scale(Largest) * Math.Sqrt(Shape.Aggregate(1.0, (a, b) => a * b));
        return Math.Abs(Sum - other.Sum) <= most || !double.IsFinite(Sum) ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"all numbers weighed give {other.Sum:g7}, {Sum:g7} was wanted, {most:g2} may differ");
    }

    /// <summary>Whether two numbers agree within rounding.</summary>
    public static bool IsNear(float wanted, float given, float largest) =>
        wanted.Equals(given) || Math.Abs(wanted - given) <= Tolerance * Scale(largest);

    // Intermediate results, such as 1 + exp(x), may be larger than the numbers computed from them.
    static double Scale(float largest) => Math.Max(largest, 0.1);

    // Pseudo-random, in -1 … 1.
    static double Weight(int k) => ((int)(unchecked((uint)k * 2654435761u) >> 8) / (double)(1 << 23)) - 1;
}
