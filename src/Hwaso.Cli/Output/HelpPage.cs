using System.CommandLine;
using System.Text;

namespace Hwaso.Cli.Output;

/// <summary>The pages that <c>--help</c> prints.</summary>
static class HelpPage
{
    /// <summary>The page of one verb.</summary>
    public static void Write(Terminal terminal, string path, Command command, IReadOnlyList<string> examples, IReadOnlyList<Option> common)
    {
        var page = new PageWriter(terminal);
        page.Paragraph($"{path}: {command.Description}");
        page.Heading("Usage");
        page.Indented(Usage(path, command));
        page.Rows("Verbs", command.Subcommands.Select(sub => ($"{path} {sub.Name}", sub.Description ?? "")));
        page.Rows("Arguments", command.Arguments.Select(argument => (argument.Name, argument.Description ?? "")));
        page.Rows("Options", command.Options.Where(option => !common.Contains(option)).Select(Row));
        page.Rows("Options of every verb", common.Select(Row));
        if (examples.Count > 0)
        {
            page.Heading("Examples");
            foreach (var example in examples) page.Indented($"hwaso {example}");
        }
    }

    /// <summary>The page of the command itself.</summary>
    public static void WriteOverview(Terminal terminal, Command root, IReadOnlyList<Option> common)
    {
        var page = new PageWriter(terminal);
        page.Paragraph($"hwaso: {root.Description}");
        page.Heading("Usage");
        page.Indented("hwaso VERB [arguments] [options]");
        page.Indented("hwaso VERB --help");
        page.Rows("Verbs", root.Subcommands.Select(verb => (verb.Name, verb.Description ?? "")));
        page.Rows("Options of every verb", common.Select(Row));
        page.Heading("Exit codes");
        page.Indented("0 done, 1 the work failed, 2 the arguments or the recipe are wrong");
    }

    static string Usage(string path, Command command)
    {
        if (command.Subcommands.Count > 0) return $"{path} {string.Join('|', command.Subcommands.Select(sub => sub.Name))} …";
        var arguments = command.Arguments.Select(argument => argument.Name + (argument.Arity.MaximumNumberOfValues > 1 ? "…" : ""));
        var required = command.Options.Where(option => option.Required).Select(Name);
        // What begins with dashes ends the options: it is another command line.
        return command.Arguments.Any(argument => argument.Name.StartsWith("--", StringComparison.Ordinal))
            ? string.Join(' ', [path, .. required, "[options]", .. arguments])
            : string.Join(' ', [path, .. arguments, .. required, "[options]"]);
    }

    static (string, string) Row(Option option) =>
        (string.Join(", ", [Name(option), .. option.Aliases.Where(alias => alias != option.Name && alias != "-?")]),
            (option.Description ?? "") + (option.Required ? " (required)" : ""));

    static string Name(Option option) => option.HelpName is null ? option.Name : $"{option.Name} {option.HelpName}";
}

/// <summary>Lays out a page of text: headings, and two columns with the second one wrapped.</summary>
sealed class PageWriter(Terminal terminal)
{
    const int WidestFirstColumn = 32;

    public void Paragraph(string text)
    {
        foreach (var line in Wrap(text, terminal.Width)) terminal.Output.WriteLine(line);
    }

    public void Heading(string text)
    {
        terminal.Output.WriteLine();
        terminal.Output.WriteLine(terminal.Bold(text));
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
            foreach (var line in lines.Skip(first.Length > column - 2 ? 0 : 1))
                terminal.Output.WriteLine(new string(' ', column) + line);
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
