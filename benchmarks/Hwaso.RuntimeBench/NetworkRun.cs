using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hwaso.Runtime;

namespace Hwaso.RuntimeBench;

/// <summary>A model with its input.</summary>
sealed class NetworkRun : IDisposable
{
    readonly OnnxModel model;
    readonly Session session;
    readonly float[] input;

    public NetworkRun(string file, string inputFile, int threads)
    {
        model = OnnxModel.Load(file, new RuntimeOptions { Threads = threads });
        session = model.Open([.. model.Inputs[0].Shape!]);
        input = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(inputFile)).ToArray();
        Run();
    }

    /// <summary>The peak memory of this process, in MiB (VmHWM in /proc).</summary>
    public static double PeakMiB
    {
        get
        {
            var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
        }
    }

    /// <summary>The milliseconds of each run, including the copy of the input.</summary>
    public IEnumerable<double> Times(int repeats)
    {
        var times = new double[repeats];
        for (var k = 0; k < repeats; k++)
        {
            var start = Stopwatch.GetTimestamp();
            Run();
            times[k] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        return times;
    }

    /// <summary>The cost and time of each step.</summary>
    public JsonArray Steps(int runs) => Layers.Steps(session, runs);

    public void WriteOutput(string file) => File.WriteAllBytes(file, MemoryMarshal.AsBytes(session.Output(0)).ToArray());

    public void Dispose() => model.Dispose();

    void Run()
    {
        input.CopyTo(session.Input(0));
        session.Run();
    }
}
