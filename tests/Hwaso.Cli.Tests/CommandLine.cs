using Hwaso.Cli.Output;
using Hwaso.Cli.Verbs;

namespace Hwaso.Cli.Tests;

/// <summary>Runs a command line in this process and keeps what it wrote.</summary>
sealed record CommandLine(int Code, string Output, string Error)
{
    public static CommandLine Run(params string[] args) => Run(VerbList.All, default, args);

    public static CommandLine Run(IEnumerable<Verb> verbs, CancellationToken cancel, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal(output, error, OutputIsTerminal: false, ErrorIsTerminal: false, Width: 100);
        var code = new App(terminal, verbs).Run(args, cancel);
        return new CommandLine(code, output.ToString(), error.ToString());
    }
}
