using System.Text.RegularExpressions;

namespace Hwaso.Cli.Output;

/// <summary>Words of a command line that is printed to be copied into a shell.</summary>
static partial class ShellWord
{
    /// <summary>The words as one line.</summary>
    public static string Line(IEnumerable<string> words) => string.Join(' ', words.Select(Of));

    /// <summary>The word as it is, or in single quotes where a shell would read it otherwise.</summary>
    public static string Of(string word) => Plain().IsMatch(word) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\p{L}\p{N}_./=:,+@%-]+$")]
    private static partial Regex Plain();
}
