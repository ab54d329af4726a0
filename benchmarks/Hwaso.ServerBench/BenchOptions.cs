using System.Globalization;

namespace Hwaso.ServerBench;

/// <summary>What the command line asks for: <c>HWASO.dll SERVER.mjs MODEL.onnx IMAGES SMALL [--rounds 5] …</c>.</summary>
/// <param name="Command">The command <c>hwaso</c>.</param>
/// <param name="Peer">The program of Node's server.</param>
/// <param name="Model">The network, of free height and width.</param>
/// <param name="Images">A folder of PNGs of one size.</param>
/// <param name="Small">A folder of small PNGs, which the memory is watched with.</param>
sealed record BenchOptions(string Command, string Peer, string Model, string Images, string Small)
{
    const int MostImages = 8;

    /// <summary>Threads of each server's network.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Turns of each server, in which its throughput is measured.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Seconds of a turn.</summary>
    public double Seconds { get; init; } = 4;

    /// <summary>Seconds of the load of four times the capacity.</summary>
    public double OverloadSeconds { get; init; } = 40;

    /// <summary>Requests over which the memory is watched.</summary>
    public int Requests { get; init; } = 20_000;

    /// <summary>The seed of the times at which requests are sent.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>A file that the table is written to as well.</summary>
    public string? Results { get; init; }

    /// <exception cref="ArgumentException">An option is not known, or lacks its value.</exception>
    public static BenchOptions Read(string[] arguments)
    {
        if (arguments is not [var command, var peer, var model, var images, var small, ..])
            throw new ArgumentException("HWASO.dll SERVER.mjs MODEL.onnx IMAGES SMALL was wanted; `make bench-server` prepares them");
        var options = new BenchOptions(command, peer, model, images, small);
        for (var k = 5; k < arguments.Length; k += 2)
        {
            var value = k + 1 < arguments.Length ? arguments[k + 1] : throw new ArgumentException($"{arguments[k]} lacks its value");
            options = arguments[k] switch
            {
                "--threads" => options with { Threads = Number(value) },
                "--rounds" => options with { Rounds = Number(value) },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--overload-seconds" => options with { OverloadSeconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--requests" => options with { Requests = Number(value) },
                "--seed" => options with { Seed = Number(value) },
                "--results" => options with { Results = value },
                var other => throw new ArgumentException($"{other} is not known; benchmarks/README.md lists the options"),
            };
        }
        return options;
    }

    /// <summary>The first PNGs of a folder and those below it.</summary>
    public static IReadOnlyList<byte[]> Pictures(string folder)
    {
        byte[][] found =
        [
            .. Directory.EnumerateFiles(folder, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(MostImages)
                .Select(File.ReadAllBytes),
        ];
        return found.Length > 0 ? found : throw new ArgumentException($"{folder} has no PNG");
    }

    static int Number(string value) => int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
}
