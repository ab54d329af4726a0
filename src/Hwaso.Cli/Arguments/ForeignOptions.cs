using System.CommandLine;
using System.Globalization;
using Hwaso.Runtime;

namespace Hwaso.Cli.Arguments;

/// <summary>The options that say of an exported network what its file does not.</summary>
sealed class ForeignOptions
{
    readonly Option<string?> mean = Values.Text(
        "--mean", "LIST", "of an exported network: means to subtract, one or one per channel, e.g. 0.5 or 123.7,116.3,103.5");

    readonly Option<double[]?> deviation = Values.PositiveList("--std", "LIST", "of an exported network: deviations to divide by");
    readonly Option<double?> range = Values.Positive("--range", "X",
        "of an exported network: value of a white pixel, 1 or 255 (default: 1)");

    readonly Option<string?> oneChannel = Values.Choice(
        "--one-channel", "of an exported network: what its only output channel is (default: as its last operator says)",
        ["logit", "probability", "label"]);

    /// <summary>All of them, as help lists them.</summary>
    public IReadOnlyList<Option> All => [mean, deviation, range, oneChannel];

    /// <summary>What was given; null if nothing was.</summary>
    /// <exception cref="UsageException">A mean is not a number.</exception>
    public SegmentationOptions? Of(ParseResult arguments)
    {
        var (means, deviations, white, one) =
            (arguments.GetValue(mean), arguments.GetValue(deviation), arguments.GetValue(range), arguments.GetValue(oneChannel));
        return means is null && deviations is not { Length: > 0 } && white is null && one is null
            ? null
            : new SegmentationOptions
            {
                Mean = means is null ? null : Numbers(means),
                Deviation = deviations is { Length: > 0 } ? Array.ConvertAll(deviations, v => (float)v) : null,
                Range = (float?)white,
                OneChannel = one is null ? null : Enum.Parse<OneChannel>(one, ignoreCase: true),
            };
    }

    static float[] Numbers(string text)
    {
        var parts = text.Split(',');
        var numbers = new float[parts.Length];
        for (var k = 0; k < parts.Length; k++)
            if (!float.TryParse(parts[k], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[k]) || !float.IsFinite(numbers[k]))
                throw new UsageException($"--mean {text}: numbers separated by commas were wanted, e.g. 0.485,0.456,0.406");
        return numbers;
    }
}
