using System.Globalization;
using System.Text;
using Hwaso.Data;

namespace Hwaso.Metrics;

/// <summary>Scores as aligned, monospaced plain text.</summary>
public static class ScoreTable
{
    const string Missing = "–";

    /// <summary>One line a class (class, IoU, accuracy, pixels in the truth), then the means; percentages.</summary>
    /// <param name="scores">Scores of K classes.</param>
    /// <param name="names">K class names.</param>
    /// <exception cref="ArgumentException">The number of names is not K.</exception>
    public static string Text(Scores scores, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(names);
        Check(scores, names.Count);
        List<string[]> rows = [["class", "IoU", "accuracy", "pixels"]];
        for (var k = 0; k < names.Count; k++)
        {
            var score = scores.Classes[k];
            rows.Add([names[k], Percent(score.Iou), Percent(score.Recall), Count(score.TruthPixels)]);
        }
        var text = Aligned(rows);
        text.Append("mIoU ").Append(Percent(scores.Miou)).Append("   pixel accuracy ").Append(Percent(scores.PixelAccuracy))
            .Append("   mean accuracy ").Append(Percent(scores.MeanAccuracy));
        if (scores.ForegroundIou is not null)
            text.Append("   foreground IoU ").Append(Percent(scores.ForegroundIou));
        text.Append("   (%)\n");
        var absent = scores.Classes.Count(c => c.Iou is null);
        if (absent > 0)
            text.Append(CultureInfo.InvariantCulture,
                $"{absent} of {names.Count} classes absent, left out of mIoU; counted as 0 it is {Percent(scores.MiouAbsentAsZero)}\n");
        if (scores.OutOfRangePixels > 0)
            text.Append(CultureInfo.InvariantCulture,
                $"{Count(scores.OutOfRangePixels)} pixels were predicted as no class at all; they count as misses\n");
        return text.ToString();
    }

    /// <summary>Cityscapes' table: IoU and instance-weighted IoU of classes and categories with their means; percentages.</summary>
    public static string Text(CityscapesScores scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        List<string[]> rows = [["class", "IoU", "iIoU", "pixels"]];
        for (var k = 0; k < scores.Classes.Count; k++)
            rows.Add(Row(scores.Classes[k], Count(scores.Pixels.Classes[k].TruthPixels)));
        rows.Add(["mean", Percent(scores.Miou), Percent(scores.InstanceIou), Count(scores.Pixels.Pixels)]);
        var classes = Aligned(rows);
        rows = [["category", "IoU", "iIoU"], .. scores.Categories.Select(c => Row(c))];
        rows.Add(["mean", Percent(scores.CategoryMiou), Percent(scores.CategoryInstanceIou)]);
        return classes.Append('\n').Append(Aligned(rows)).ToString();
    }

    /// <summary>
    /// A whole report: a line a class (IoU, accuracy, precision, Dice, boundary IoU where counted, pixels), then the
    /// means with their 95 % intervals; percentages.
    /// </summary>
    /// <param name="report">The report.</param>
    /// <param name="absent">How absent classes enter the means.</param>
    /// <param name="difference">The difference from other scores, if there are any.</param>
    public static string Text(ScoreReport report, AbsentClasses absent, ScoreDifference? difference = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        var (scores, zero) = (report.Scores, absent == AbsentClasses.Zero);
        List<string[]> rows =
            [["class", "IoU", "accuracy", "precision", "Dice", .. report.Boundary is null ? Array.Empty<string>() : ["boundary IoU"],
                "pixels"]];
        for (var k = 0; k < report.Classes.Count; k++)
        {
            var score = scores.Classes[k];
            rows.Add([
                report.Classes.Entries[k].Name, Percent(score.Iou), Percent(score.Recall), Percent(score.Precision), Percent(score.Dice),
                .. report.Boundary is { } edges ? [Percent(edges[k].Iou)] : Array.Empty<string>(), Count(score.TruthPixels),
            ]);
        }
        var text = Aligned(rows);
        void Line(string name, double? value, Interval? interval = null, string note = "")
        {
            text.Append(CultureInfo.InvariantCulture, $"{name,-24}{Percent(value),6}");
            if (interval is not null)
                text.Append(CultureInfo.InvariantCulture, $"   95 %: {Percent(interval.Low)} to {Percent(interval.High)}");
            text.Append(note).Append('\n');
        }
        var missing = scores.Classes.Count(c => c.Iou is null);
        var other = zero ? $"left out {Percent(scores.Miou)}" : $"counted as 0 {Percent(scores.MiouAbsentAsZero)}";
        Line("mIoU", report.Miou(absent), Resampled(report.Bootstrap?.MeanIous(absent)),
            missing == 0 ? "" : $"   {missing} of {report.Classes.Count} classes absent, {(zero ? "counted as 0" : "left out")}; {other}");
        Line("pixel accuracy", scores.PixelAccuracy, Resampled(report.Bootstrap?.PixelAccuracies()));
        Line("mean accuracy", zero ? scores.MeanAccuracyAbsentAsZero : scores.MeanAccuracy);
        Line("frequency-weighted IoU", scores.FrequencyWeightedIou);
        Line("mean Dice", zero ? scores.Classes.Average(c => c.Dice ?? 0) : scores.MeanDice);
        if (scores.ForegroundIouAbsentAsZero is not null)
            Line("foreground IoU", zero ? scores.ForegroundIouAbsentAsZero : scores.ForegroundIou);
        if (report.Boundary is not null)
            Line("boundary mIoU", report.BoundaryMiou);
        if (scores.OutOfRangePixels > 0)
            text.Append(CultureInfo.InvariantCulture, $"{Count(scores.OutOfRangePixels)} of {Count(scores.Pixels)} pixels were predicted "
                + $"as no class at all; they count as misses\n");
        if (report.Cityscapes is { } cityscapes)
            text.Append('\n').Append(Text(cityscapes));
        if (difference is not null)
            text.Append(CultureInfo.InvariantCulture,
                $"\nmIoU difference {Signed(difference.Miou)}   95 %: {Signed(difference.Interval?.Low)} to "
                    + $"{Signed(difference.Interval?.High)}   better in {Percent(difference.ShareBetter)} % of the resamplings\n");
        return text.ToString();
    }

    static Interval? Resampled(IEnumerable<double?>? values) => values is null ? null : Interval.Of(values.OfType<double>());

    static string Signed(double? share) => share is { } s ? (100 * s).ToString("+0.00;-0.00;0.00", CultureInfo.InvariantCulture) : Missing;

    static string[] Row(NamedScore score, params string[] more) =>
        [score.Name, Percent(score.Iou), Percent(score.InstanceIou), .. more];

    static StringBuilder Aligned(List<string[]> rows)
    {
        var columns = rows[0].Length;
        var widths = new int[columns];
        foreach (var row in rows)
            for (var c = 0; c < columns; c++)
                widths[c] = Math.Max(widths[c], Columns(row[c]));
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.Append(row[0]).Append(' ', widths[0] - Columns(row[0]));
            for (var c = 1; c < columns; c++)
                text.Append("  ").Append(' ', widths[c] - Columns(row[c])).Append(row[c]);
            text.Append('\n');
            if (ReferenceEquals(row, rows[0]))
                text.Append('─', widths.Sum() + 2 * (columns - 1)).Append('\n');
        }
        return text.Append('─', widths.Sum() + 2 * (columns - 1)).Append('\n');
    }

    // Hangul, kana and Chinese characters take two columns of a terminal; combining marks none.
    static int Columns(string text) => text.EnumerateRunes().Sum(rune => rune.Value switch
    {
        >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF
            or >= 0xFE30 and <= 0xFE4F or >= 0xFF00 and <= 0xFF60 or >= 0x1F300 and <= 0x1FAFF => 2,
        _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? 0 : 1,
    });

    static string Percent(double? share) => share is { } s ? (100 * s).ToString("0.00", CultureInfo.InvariantCulture) : Missing;

    static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    internal static void Check(Scores scores, int names)
    {
        if (names != scores.Classes.Count)
            throw new ArgumentException($"{names} class names for the scores of {scores.Classes.Count} classes");
    }
}
