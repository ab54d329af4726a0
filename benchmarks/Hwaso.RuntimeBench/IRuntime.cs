using System.Globalization;

namespace Hwaso.RuntimeBench;

/// <summary>A network loaded by one of the two runtimes, with its input.</summary>
interface IRuntime : IDisposable
{
    /// <summary>Runs once, including the copy of the input.</summary>
    void Run();

    /// <summary>The first output of the last run.</summary>
    float[] Output();

    /// <summary>A run for one more caller, who may call it while others call theirs; the model and its threads are the same.</summary>
    Action Caller();
}

/// <summary>The memory of this process.</summary>
static class OwnMemory
{
    /// <summary>The most that it ever held, in MiB (VmHWM in /proc).</summary>
    public static double PeakMiB
    {
        get
        {
            var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
        }
    }
}
