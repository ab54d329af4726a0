namespace Hwaso.Common;

/// <summary>
/// The constants of the exponential in single precision: exp(x) = 2ⁿ · exp(r) with n = round(x / ln 2) and r = x − n · ln 2, where
/// ln 2 is the sum of two numbers, of which the first has few bits (Cody and Waite, Software Manual for the Elementary Functions, 1980),
/// and exp(r) is Taylor's series to r⁷. Within 2 units in the last place; 2ⁿ is two factors, so that results round to 0 and to
/// infinity.
/// </summary>
static class ExpSeries
{
    /// <summary>Where the result is 0, or infinite.</summary>
    public const float Least = -104, Most = 89;

    public const float PerLog = 1.44269504f, LogHigh = -0.693359375f, LogLow = 2.12194440e-4f;

    public const float C2 = 0.5f, C3 = 1f / 6, C4 = 1f / 24, C5 = 1f / 120, C6 = 1f / 720, C7 = 1f / 5040;

    /// <summary>The bias of the exponent, and the bits of the fraction.</summary>
    public const int Bias = 127, Fraction = 23;
}
