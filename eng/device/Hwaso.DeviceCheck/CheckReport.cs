using System.Diagnostics;

namespace Hwaso.DeviceCheck;

/// <summary>Runs checks one after another and prints a line for each as soon as it is done.</summary>
sealed class CheckReport(string group)
{
    /// <summary>How many failed.</summary>
    public int Failed { get; private set; }

    /// <summary>Runs a check; whatever it throws is its failure, and the next one runs.</summary>
    /// <param name="name">What is checked.</param>
    /// <param name="body">Returns what was found, for the line.</param>
    public void Run(string name, Func<string> body)
    {
        var began = Stopwatch.GetTimestamp();
        string outcome;
        try
        {
            outcome = $"ok    {group}: {name}: {body()}";
        }
#pragma warning disable CA1031 // Every check must get its turn, and any exception is a finding.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Failed++;
            outcome = error is CheckException
                ? $"FAIL  {group}: {name}: {error.Message}"
                : $"FAIL  {group}: {name}: {error.GetType().Name}: {error.Message.ReplaceLineEndings(" | ")}";
            if (error is not CheckException)
                Console.Error.WriteLine(error);
        }
        Console.WriteLine($"{outcome}  ({Stopwatch.GetElapsedTime(began).TotalSeconds:f1} s)");
        Console.Out.Flush();
    }
}

/// <summary>A check found something else than it wanted; the message says what.</summary>
sealed class CheckException(string message) : Exception(message);
