using Spectre.Console;

namespace Hwaso.Cli.Output;

/// <summary>Where the command writes, and whether a person is watching.</summary>
/// <param name="Output">Results.</param>
/// <param name="Error">Progress, logs and errors.</param>
/// <param name="OutputIsTerminal">Results may have colours.</param>
/// <param name="ErrorIsTerminal">Progress may redraw its line.</param>
/// <param name="Width">Columns of a page of text, and of progress.</param>
sealed record Terminal(TextWriter Output, TextWriter Error, bool OutputIsTerminal, bool ErrorIsTerminal, int Width)
{
    // A table written to a file or a pipe should keep its lines whole.
    const int FileWidth = 200;

    /// <summary>The process's own streams.</summary>
    public static Terminal OfProcess()
    {
        var plain = Environment.GetEnvironmentVariable("TERM") is "dumb";
        var output = !System.Console.IsOutputRedirected && !plain;
        var error = !System.Console.IsErrorRedirected && !plain;
        var width = output || error ? Math.Clamp(System.Console.WindowWidth, 60, 110) : 100;
        return new Terminal(System.Console.Out, System.Console.Error, output, error, width);
    }

    /// <summary>Tables and colours for standard output; colours only on a terminal and without NO_COLOR.</summary>
    public IAnsiConsole Console()
    {
        var colours = OutputIsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Output),
            Ansi = colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = OutputIsTerminal ? Math.Max(Width, System.Console.WindowWidth) : FileWidth;
        return console;
    }
}
