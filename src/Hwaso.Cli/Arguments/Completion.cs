using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using Hwaso.Models.Networks;

namespace Hwaso.Cli.Arguments;

/// <summary>Answers a shell that asks how the word at the cursor may go on: <c>hwaso "[suggest:POSITION]" "LINE"</c>.</summary>
static class Completion
{
    const string Mark = "[suggest:";

    /// <summary>Whether a shell asks.</summary>
    public static bool IsAsked(IReadOnlyList<string> args) => args.Count > 0 && args[0].StartsWith(Mark, StringComparison.Ordinal);

    /// <summary>The words that may stand where the cursor is, in order; none where the shell is to offer files.</summary>
    /// <param name="args">The position, and the whole line up to the cursor or beyond.</param>
    /// <param name="root">The command.</param>
    /// <param name="parsing">How its command lines are read.</param>
    public static IEnumerable<string> Words(IReadOnlyList<string> args, Command root, ParserConfiguration parsing)
    {
        var line = args.Count > 1 ? args[1] : "";
        // What stands behind the cursor does not count.
        if (int.TryParse(args[0].AsSpan(Mark.Length).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            line = line.Length > position ? line[..position] : line.PadRight(position);
        var word = line[(line.LastIndexOf(' ') + 1)..];
        return root.Parse(line, parsing).GetCompletions(line.Length)
            .Select(item => item.InsertText ?? item.Label)
            // Options only where a dash asks for them; the library's own choice also has words that hold the typed one anywhere.
            .Where(text => text.StartsWith(word, StringComparison.Ordinal) && (word.Length > 0 || text[0] != '-') && text != "-?")
            .Distinct()
            .Order(StringComparer.Ordinal);
    }

    /// <summary>The names of all networks.</summary>
    public static IEnumerable<CompletionItem> Networks(CompletionContext context) =>
        Zoo.All.Select(network => new CompletionItem(network.Name));
}
