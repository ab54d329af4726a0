using System.Globalization;
using System.Text.RegularExpressions;
using Hwaso.Runtime;

namespace Hwaso.RuntimeBench;

/// <summary>What the command line asks for: <c>FOLDER [--rounds 7] [--only REGEX] …</c>.</summary>
/// <param name="Folder">The folder of the networks' files.</param>
sealed record BenchOptions(string Folder)
{
    /// <summary>Turns of each side.</summary>
    public int Rounds { get; init; } = 7;

    /// <summary>Seconds of each side before the first turn: .NET recompiles hot code.</summary>
    public double WarmSeconds { get; init; } = 3;

    /// <summary>Threads of each side.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Runs of which the tables of layers have the least times; 0 for no tables.</summary>
    public int Layers { get; init; } = 5;

    /// <summary>Whether there are tables of single steps, too.</summary>
    public bool Steps { get; init; }

    /// <summary>Whether the memory of both sides is measured, in processes of their own.</summary>
    public bool Memory { get; init; } = true;

    /// <summary>Whether the processors' time counts instead of the clock: for one thread on a machine that does other work, too.</summary>
    public bool ProcessorTime { get; init; }

    /// <summary>Which networks.</summary>
    public Regex Only { get; init; } = new("");

    /// <summary>Hwaso.Runtime's vectors.</summary>
    public SimdPath Path { get; init; }

    /// <summary>A file that the tables are written to as well.</summary>
    public string? Results { get; init; }

    /// <exception cref="ArgumentException">An option is not known, or lacks its value.</exception>
    public static BenchOptions Read(string[] arguments)
    {
        var options = new BenchOptions(arguments is [var folder, ..] && !folder.StartsWith('-') ? folder
            : throw new ArgumentException("the first argument is the folder of the networks; `make bench-runtime` prepares one"));
        for (var k = 1; k < arguments.Length; k++)
        {
            var flagged = arguments[k] switch
            {
                "--steps" => options with { Steps = true },
                "--no-memory" => options with { Memory = false },
                "--processor-time" => options with { ProcessorTime = true },
                _ => null,
            };
            if (flagged is not null)
            {
                options = flagged;
                continue;
            }
            var value = k + 1 < arguments.Length ? arguments[k + 1] : throw new ArgumentException($"{arguments[k]} lacks its value");
            options = arguments[k++] switch
            {
                "--rounds" => options with { Rounds = Math.Max(1, Number(value)) },
                "--warm-seconds" => options with { WarmSeconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--threads" => options with { Threads = Math.Max(1, Number(value)) },
                "--layers" => options with { Layers = Number(value) },
                "--only" => options with { Only = new Regex(value) },
                "--path" => options with { Path = Enum.Parse<SimdPath>(value, ignoreCase: true) },
                "--results" => options with { Results = value },
                var other => throw new ArgumentException($"{other} is not known; benchmarks/README.md lists the options"),
            };
        }
        return options;
    }

    static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);
}
