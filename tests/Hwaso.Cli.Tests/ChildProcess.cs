using System.Diagnostics;
using System.Text;

namespace Hwaso.Cli.Tests;

/// <summary>A program that runs to its end in a folder, with a few variables of the environment changed.</summary>
sealed class ChildProcess : IDisposable
{
    // Each takes seconds; a busy machine is given many times as long.
    static readonly TimeSpan patience = TimeSpan.FromMinutes(4);

    readonly Process process;
    readonly StringBuilder output = new(), error = new();

    /// <summary>Starts it.</summary>
    /// <param name="folder">Its current folder.</param>
    /// <param name="environment">Variables to set; null unsets one.</param>
    /// <param name="program">The program.</param>
    /// <param name="args">Its arguments.</param>
    public ChildProcess(string folder, IReadOnlyDictionary<string, string?> environment, string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A tool's own starter looks for .NET here first: the tests' .NET need not be where the system expects it.
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => output.Append(line.Data is null ? "" : line.Data + "\n");
        process.ErrorDataReceived += (_, line) => error.Append(line.Data is null ? "" : line.Data + "\n");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Runs a program to its end.</summary>
    public static CommandLine Run(
        string folder, IReadOnlyDictionary<string, string?> environment, string program, params string[] args)
    {
        using var child = new ChildProcess(folder, environment, program, args);
        return child.Finish();
    }

    /// <summary>Runs <c>dotnet</c>, which has to succeed; gives its standard output.</summary>
    public static string Dotnet(string folder, params string[] args)
    {
        var line = Run(folder, new Dictionary<string, string?>(), "dotnet", args);
        Assert.True(line.Code == 0, $"dotnet {string.Join(' ', args)}\n{line.Output}{line.Error}");
        return line.Output;
    }

    /// <summary>How it ended.</summary>
    public CommandLine Finish()
    {
        if (!process.WaitForExit(patience)) process.Kill(entireProcessTree: true);
        // Without a limit it waits for the last of the output too.
        process.WaitForExit();
        return new CommandLine(process.ExitCode, output.ToString(), error.ToString());
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
