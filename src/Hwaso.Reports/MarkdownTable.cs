using System.Text;

namespace Hwaso.Reports;

/// <summary>A table in Markdown whose columns are aligned, so that it can be read as it is.</summary>
static class MarkdownTable
{
    // Of dashes and a colon, Markdown wants three at least.
    const int Narrowest = 4;

    /// <summary>The table; the first column is to the left, the others to the right.</summary>
    /// <param name="heads">A head a column.</param>
    /// <param name="rows">Each a cell a column.</param>
    public static string Text(IReadOnlyList<string> heads, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = heads.Select((head, c) => Math.Max(Narrowest, rows.Select(row => row[c].Length).Append(head.Length).Max())).ToArray();
        var text = new StringBuilder();
        Line(heads);
        text.Append('|').AppendJoin('|', widths.Select((w, c) => c == 0 ? new string('-', w + 2) : new string('-', w + 1) + ":"))
            .Append("|\n");
        foreach (var row in rows)
            Line(row);
        return text.ToString();

        void Line(IReadOnlyList<string> row) =>
            text.Append("| ").AppendJoin(" | ", row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c])))
                .Append(" |\n");
    }
}
