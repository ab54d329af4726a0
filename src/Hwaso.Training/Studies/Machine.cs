using System.Runtime.InteropServices;

namespace Hwaso.Training.Studies;

/// <summary>What a table was measured on.</summary>
static class Machine
{
    /// <summary>The processor's name, as Linux tells it, else its architecture.</summary>
    public static string Processor
    {
        get
        {
            const string List = "/proc/cpuinfo", Key = "model name";
            var line = File.Exists(List) ? File.ReadLines(List).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) : null;
            return line?.Split(':', 2)[^1].Trim() is { Length: > 0 } name ? name : RuntimeInformation.ProcessArchitecture.ToString();
        }
    }
}
