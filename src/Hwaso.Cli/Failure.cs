using System.Text.RegularExpressions;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Verbs;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Cli;

/// <summary>Turns an exception into a line for the person at the terminal and an exit code.</summary>
static partial class Failure
{
    /// <summary>The line, without the verb before it, and the exit code: 2 where the arguments were wrong, else 1.</summary>
    public static (string Line, int Code) Of(Exception error) => error switch
    {
        AggregateException { InnerException: { } inner } => Of(inner),
        TypeInitializationException { InnerException: { } inner } => Of(inner),
        UsageException or RecipeException => (OneLine(error.Message), ExitCode.Usage),
        ArgumentException when IsOurs(error) => (ParameterName().Replace(OneLine(error.Message), ""), ExitCode.Usage),
        ArgumentException or NullReferenceException or IndexOutOfRangeException or KeyNotFoundException or InvalidCastException => (
            $"{OneLine(error.Message)} This is a fault of Hwaso's own; run it again with --debug and report what it prints",
            ExitCode.Failed),
        OperationCanceledException => ("stopped before it was done", ExitCode.Failed),
        TorchException { IsOutOfMemory: true } => (
            $"too little memory: {OneLine(error.Message)}; ask for smaller images or fewer at once, or work in windows (--crop; of depth "
                + "--tiles)",
            ExitCode.Failed),
        // .NET's own message says no more than its name.
        OutOfMemoryException => ("too little memory; try a smaller batch, crop or size", ExitCode.Failed),
        FileNotFoundException { FileName: { Length: > 0 } file } => ($"{file}: no such file; check the path", ExitCode.Failed),
        DirectoryNotFoundException => ($"{OneLine(error.Message)} Check that the folder is there, and its disk mounted", ExitCode.Failed),
        UnauthorizedAccessException => ($"{OneLine(error.Message)} Check its permissions, or name another place", ExitCode.Failed),
        IOException when IsFull(error) => ($"{OneLine(error.Message)}; make room, or name a place on another disk", ExitCode.Failed),
        _ => (OneLine(error.Message), ExitCode.Failed),
    };

    // Rooms check what a user gives them and say so in words of their own; what .NET's own methods refuse was handed to them by our code.
    static bool IsOurs(Exception error) =>
        error is not ArgumentNullException && error.Source?.StartsWith(nameof(Hwaso), StringComparison.Ordinal) == true;

    // Linux's ENOSPC and EDQUOT, wherever in the chain the system said so; .NET hands them on as they are, or as its own ERROR_DISK_FULL.
    static bool IsFull(Exception? error) =>
        error is not null && (error.HResult is 28 or 122 or unchecked((int)0x80070070) || IsFull(error.InnerException));

    static string OneLine(string message) =>
        string.Join(' ', message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    [GeneratedRegex(@" \(Parameter '[^']*'\)")]
    private static partial Regex ParameterName();
}
