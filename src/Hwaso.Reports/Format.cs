using System.Globalization;

namespace Hwaso.Reports;

/// <summary>Numbers as people read them, the same in every culture.</summary>
static class Format
{
    public const string Missing = "–";

    public static string Percent(double? share, string format = "0.0") =>
        share is { } s && double.IsFinite(s) ? (100 * s).ToString(format, CultureInfo.InvariantCulture) : Missing;

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Three digits and k, M, G or T; exact below 1000.</summary>
    public static string Short(double value)
    {
        var size = Math.Abs(value);
        var (unit, name) = size switch
        {
            >= 999.5e9 => (1e12, "T"),
            >= 999.5e6 => (1e9, "G"),
            >= 999.5e3 => (1e6, "M"),
            >= 1e3 => (1e3, "k"),
            _ => (1.0, ""),
        };
        return Number(value / unit) + (name.Length == 0 ? "" : " " + name);
    }

    /// <summary>Three significant digits without trailing zeros; powers of ten for the very small and large.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
            return Missing;
        var size = Math.Abs(value);
        if (size is > 0 and (< 1e-3 or >= 1e6))
            return value.ToString("0.##e+0", CultureInfo.InvariantCulture).Replace("e-", "e−", StringComparison.Ordinal)
                .Replace("e+", "e", StringComparison.Ordinal);
        var decimals = size switch { >= 100 or 0 => 0, >= 10 => 1, >= 1 => 2, >= 0.1 => 3, >= 0.01 => 4, _ => 5 };
        return value.ToString("0." + new string('#', decimals), CultureInfo.InvariantCulture);
    }

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 10 } => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        { TotalMinutes: < 1 } => time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + " s",
        { TotalHours: < 1 } => $"{(int)time.TotalMinutes} min {time.Seconds} s",
        { TotalDays: < 1 } => $"{(int)time.TotalHours} h {time.Minutes} min",
        _ => $"{(int)time.TotalDays} d {time.Hours} h",
    };
}
