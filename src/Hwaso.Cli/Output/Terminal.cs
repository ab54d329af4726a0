namespace Hwaso.Cli.Output;

/// <summary>The streams that the command writes to, and whether a person reads them on a terminal.</summary>
/// <param name="Output">Results.</param>
/// <param name="Error">Progress, logs and errors.</param>
/// <param name="OutputIsTerminal">Results may have colours.</param>
/// <param name="ErrorIsTerminal">Progress may redraw its line.</param>
/// <param name="Width">Columns of a page of text, and of progress.</param>
sealed record Terminal(TextWriter Output, TextWriter Error, bool OutputIsTerminal, bool ErrorIsTerminal, int Width)
{
    /// <summary>The process's own streams.</summary>
    public static Terminal OfProcess()
    {
        var plain = Environment.GetEnvironmentVariable("TERM") is "dumb";
        var output = !Console.IsOutputRedirected && !plain;
        var error = !Console.IsErrorRedirected && !plain;
        var width = output || error ? Math.Clamp(Console.WindowWidth, 60, 110) : 100;
        return new Terminal(Console.Out, Console.Error, output, error, width);
    }

    /// <summary>The text in bold type; as it is in a file, or with NO_COLOR.</summary>
    public string Bold(string text) =>
        OutputIsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) ? $"\u001b[1m{text}\u001b[0m" : text;
}
