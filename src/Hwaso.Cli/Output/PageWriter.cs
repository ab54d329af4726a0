using System.Text;

namespace Hwaso.Cli.Output;

/// <summary>Lays out a page of text: headings, and two columns with the second one wrapped.</summary>
sealed class PageWriter(Terminal terminal)
{
    const int WidestFirstColumn = 32;

    readonly bool bold = terminal.OutputIsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public void Paragraph(string text)
    {
        foreach (var line in Wrap(text, terminal.Width)) terminal.Output.WriteLine(line);
    }

    public void Heading(string text)
    {
        terminal.Output.WriteLine();
        terminal.Output.WriteLine(bold ? $"\u001b[1m{text}\u001b[0m" : text);
    }

    public void Indented(string text) => terminal.Output.WriteLine($"  {text}");

    /// <summary>A heading and its rows; nothing where there are none.</summary>
    public void Rows(string heading, IEnumerable<(string Name, string Text)> rows)
    {
        var all = rows.ToArray();
        if (all.Length == 0) return;
        Heading(heading);
        var column = Math.Min(WidestFirstColumn, all.Max(row => row.Name.Length)) + 4;
        foreach (var (name, text) in all)
        {
            var lines = Wrap(text, terminal.Width - column);
            var first = $"  {name}";
            // A name too long for its column has its line to itself.
            if (first.Length > column - 2) terminal.Output.WriteLine(first);
            else terminal.Output.WriteLine(first.PadRight(column) + lines[0]);
            foreach (var line in lines.Skip(first.Length > column - 2 ? 0 : 1)) terminal.Output.WriteLine(new string(' ', column) + line);
        }
    }

    static List<string> Wrap(string text, int width)
    {
        List<string> lines = [];
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                lines.Add(line.ToString());
                line.Clear();
            }
            line.Append(line.Length > 0 ? " " : "").Append(word);
        }
        lines.Add(line.ToString());
        return lines;
    }
}
