using System.Globalization;
using System.Security.Cryptography;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.DeviceCheck;

/// <summary>Comparisons of numbers.</summary>
static class Numbers
{
    /// <summary>
    /// Sums of some thousand float64 products in two orders differ by some thousand roundings of 1e-16 at most; a deep network's by
    /// a few digits more.
    /// </summary>
    public const double Exact = 1e-9;

    /// <summary>
    /// Of float32 beside float64. CUDA's convolutions round factors to TF32's 10 bits, 2⁻¹¹ of each; sums of random signs stay within
    /// a few of these, relative to the largest result.
    /// </summary>
    public const double Single = 4e-3;

    /// <summary>The largest difference, relative to the largest expected number; infinite where one is not a number.</summary>
    public static double Error(double[] expected, double[] actual)
    {
        if (expected.Length != actual.Length)
            throw new CheckException($"{actual.Length} numbers where {expected.Length} were expected");
        var (largest, worst) = (0.0, 0.0);
        for (var k = 0; k < expected.Length; k++)
        {
            var difference = Math.Abs(expected[k] - actual[k]);
            if (double.IsNaN(difference))
                return double.PositiveInfinity;
            (largest, worst) = (Math.Max(largest, Math.Abs(expected[k])), Math.Max(worst, difference));
        }
        return worst == 0 ? 0 : worst / Math.Max(largest, double.Epsilon);
    }

    /// <summary>The length of the difference, relative to that of the expected numbers.</summary>
    public static double Distance(double[] expected, double[] actual) =>
        Math.Sqrt(expected.Zip(actual, (e, a) => (e - a) * (e - a)).Sum() / expected.Sum(e => e * e));

    /// <summary>The error as text.</summary>
    /// <exception cref="CheckException">It is larger than allowed.</exception>
    public static string Within(double limit, string what, double error) => error <= limit
        ? $"{what} {Short(error)}"
        : throw new CheckException($"{what} differs by {Short(error)}, {Short(limit)} was allowed");

    /// <summary>A number in two digits.</summary>
    public static string Short(double number) => number.ToString("0.0e+0", CultureInfo.InvariantCulture);

    /// <summary>A tensor's numbers.</summary>
    public static double[] Of(Tensor tensor) => tensor.ToArray<double>();

    /// <summary>The bits of tensors, as a text that tells them apart.</summary>
    public static string Bits(IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, tensor) in tensors)
            hash.AppendData(tensor.ToHost().Data.Span);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
