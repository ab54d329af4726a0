namespace Hwaso.Reports;

/// <summary>A linear axis with ticks at round numbers.</summary>
sealed class Axis
{
    Axis(double low, double high, IReadOnlyList<double> ticks) => (Low, High, Ticks) = (low, high, ticks);

    public double Low { get; }

    public double High { get; }

    public IReadOnlyList<double> Ticks { get; }

    /// <summary>Where a value lies, 0 at the low end and 1 at the high end; outside values are cut to the ends.</summary>
    public double At(double value) => Math.Clamp((value - Low) / (High - Low), 0, 1);

    /// <summary>An axis whose ends are ticks: 1, 2 or 5 times a power of ten apart.</summary>
    public static Axis Round(double low, double high, int wanted = 5)
    {
        Widen(ref low, ref high);
        var step = Step(high - low, wanted);
        var first = Math.Floor(low / step + 1e-9);
        var last = Math.Ceiling(high / step - 1e-9);
        return new(first * step, last * step, Multiples(first, last, step));
    }

    /// <summary>An axis that ends exactly where the data end.</summary>
    public static Axis Tight(double low, double high, int wanted = 6)
    {
        Widen(ref low, ref high);
        // Iterations and epochs are whole: no tick between two of them.
        var step = Math.Max(1, Step(high - low, wanted));
        return new(low, high, Multiples(Math.Ceiling(low / step - 1e-9), Math.Floor(high / step + 1e-9), step));
    }

    static List<double> Multiples(double first, double last, double step)
    {
        var ticks = new List<double>();
        for (var i = first; i <= last; i++)
            ticks.Add(i * step);
        return ticks;
    }

    static double Step(double range, int wanted)
    {
        var rough = range / wanted;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var digit = rough / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    static void Widen(ref double low, ref double high)
    {
        // A range that a double cannot divide into steps would give one tick or endless ones.
        if (high - low > 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high)))
            return;
        var pad = low == 0 ? 1 : Math.Abs(low) / 2;
        (low, high) = (low - (low == 0 ? 0 : pad), high + pad);
    }
}
