namespace Hwaso.Reports.Tests;

/// <summary>What charts and tables are made of: numbers as text, axes, thinned curves, escaped HTML, Markdown.</summary>
public sealed class DrawingTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.012345, "0.0123")]
    [InlineData(0.5, "0.5")]
    [InlineData(1.234, "1.23")]
    [InlineData(12.34, "12.3")]
    [InlineData(123.4, "123")]
    [InlineData(123456, "123456")]
    [InlineData(0.000123, "1.23e−4")]
    [InlineData(-2500000, "-2.5e6")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.NegativeInfinity, "–")]
    public void Numbers_have_three_digits(double value, string text) => Assert.Equal(text, Format.Number(value));

    [Theory]
    [InlineData(999, "999")]
    [InlineData(1000, "1 k")]
    [InlineData(999_499, "999 k")]
    [InlineData(999_500, "1 M")]
    [InlineData(1_573_219, "1.57 M")]
    [InlineData(5.24e9, "5.24 G")]
    [InlineData(2e12, "2 T")]
    public void Large_numbers_have_a_unit(double value, string text) => Assert.Equal(text, Format.Short(value));

    [Theory]
    [InlineData(0.5, "0.5 s")]
    [InlineData(59, "59 s")]
    [InlineData(252, "4 min 12 s")]
    [InlineData(3 * 3600 + 120, "3 h 2 min")]
    [InlineData(50 * 3600, "2 d 2 h")]
    public void Durations_have_two_units(double seconds, string text) => Assert.Equal(text, Format.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_share_that_is_not_defined_is_a_dash()
    {
        Assert.Equal(["12.3", "–", "–"], new double?[] { 0.1234, null, double.NaN }.Select(s => Format.Percent(s)));
        Assert.Equal("1,234,567", Format.Count(1234567));
    }

    [Theory]
    [InlineData(0, 4, "0 1 2 3 4")]
    [InlineData(0.13, 0.78, "0 0.2 0.4 0.6 0.8")]
    [InlineData(-3, 260, "-100 0 100 200 300")]
    [InlineData(0, 0, "0 0.2 0.4 0.6 0.8 1")]
    [InlineData(5, 5, "2 3 4 5 6 7 8")]
    public void An_axis_ends_at_round_numbers_around_its_values(double low, double high, string ticks)
    {
        var axis = Axis.Round(low, high);
        Assert.Equal(ticks,
            string.Join(' ', axis.Ticks.Select(t => Math.Round(t, 9).ToString(System.Globalization.CultureInfo.InvariantCulture))));
        Assert.Equal((0, 1), (axis.At(axis.Low), axis.At(axis.High)));
        Assert.InRange(low, axis.Low, axis.High);
        Assert.InRange(high, axis.Low, axis.High);
    }

    [Fact]
    public void A_tight_axis_ends_with_its_values_and_has_ticks_at_whole_numbers()
    {
        var axis = Axis.Tight(1, 4);
        Assert.Equal((1, 4), (axis.Low, axis.High));
        Assert.Equal([1.0, 2, 3, 4], axis.Ticks);
        Assert.Equal([500.0, 1000, 1500, 2000], Axis.Tight(17, 2400).Ticks);
    }

    [Fact]
    public void A_thinned_curve_keeps_every_peak_and_dip()
    {
        var points = Enumerable.Range(0, 1000).Select(k => ((double)k, k == 333 ? 50 : k == 666 ? -50 : Math.Sin(k))).ToArray();
        var thin = Curve.Thin(points, 20);
        Assert.InRange(thin.Count, 20, 40);
        Assert.Contains((333.0, 50.0), thin);
        Assert.Contains((666.0, -50.0), thin);
        Assert.Equal(thin.OrderBy(p => p.X), thin);
        // A bucket without a finite value is a gap.
        var broken = Curve.Thin([.. points.Select(p => (p.Item1, p.Item1 < 500 ? double.NaN : p.Item2))], 20);
        Assert.Equal(10, broken.Count(p => double.IsNaN(p.Y)));
    }

    [Fact]
    public void A_smoothed_curve_of_a_constant_is_that_constant_from_its_start()
    {
        var smooth = Curve.Smooth([.. Enumerable.Range(0, 400).Select(k => ((double)k, k == 7 ? double.NaN : 3.0))]);
        Assert.Equal(399, smooth.Count);
        // Rounding of a sum of 400 terms.
        Assert.All(smooth, p => Assert.Equal(3, p.Y, 1e-12));
    }

    [Fact]
    public void Text_in_holes_is_escaped_and_markup_is_not()
    {
        var html = new Html();
        string? nothing = null;
        html.Add($"<p>{"a < b & \"c\""}{nothing}</p>{new Markup("<hr>")}{1.5}{0.25:0.#}{new Html().Add($"<i>{"'"}</i>")}");
        Assert.Equal("<p>a &lt; b &amp; &quot;c&quot;</p><hr>1.50.3<i>&#39;</i>", html.ToString());
    }

    [Fact]
    public void A_Markdown_table_is_aligned() => Assert.Equal(
        """
        | name   | mIoU % |
        |--------|-------:|
        | a      |   81.2 |
        | longer |      – |

        """, MarkdownTable.Text(["name", "mIoU %"], [["a", "81.2"], ["longer", "–"]]));
}
