using System.Globalization;
using System.Text;

namespace Hwaso.Metrics;

/// <summary>
/// A confusion matrix as comma-separated values: a row a true class, a column a predicted one, and last the pixels predicted as no
/// class.
/// </summary>
public static class ConfusionCsv
{
    /// <summary>The whole file.</summary>
    /// <param name="matrix">The counts of K classes.</param>
    /// <param name="names">K names.</param>
    /// <exception cref="ArgumentException">The number of names is not K.</exception>
    public static string Text(ConfusionMatrix matrix, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count != matrix.Classes)
            throw new ArgumentException($"{names.Count} class names for a confusion matrix of {matrix.Classes} classes");
        var text = new StringBuilder("truth");
        foreach (var name in names)
            text.Append(',').Append(Field(name));
        text.Append(",no class\n");
        for (var truth = 0; truth < names.Count; truth++)
        {
            text.Append(Field(names[truth]));
            for (var prediction = 0; prediction < names.Count; prediction++)
                text.Append(CultureInfo.InvariantCulture, $",{matrix[truth, prediction]}");
            text.Append(CultureInfo.InvariantCulture, $",{matrix.OutOfRange(truth)}\n");
        }
        return text.ToString();
    }

    // RFC 4180.
    static string Field(string name) =>
        name.AsSpan().IndexOfAny(",\"\r\n") < 0 ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
