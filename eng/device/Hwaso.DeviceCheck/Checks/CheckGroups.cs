using Hwaso.Torch;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>The groups of checks; each runs in a process of its own, so that a device that fails ends one of them.</summary>
static class CheckGroups
{
    static readonly (string Name, Action<CheckReport, Device> Run)[] all =
    [
        ("operators", OperatorChecks.Run),
        ("losses", LossChecks.Run),
        ("deform", DeformChecks.Run),
        ("precision", PrecisionChecks.Run),
        ("training", TrainingChecks.Run),
        ("memory", MemoryChecks.Run),
        ("deterministic", DeterministicChecks.Run),
        ("networks", NetworkChecks.Run),
    ];

    /// <summary>The names, those that find most first.</summary>
    public static IEnumerable<string> Names => all.Select(g => g.Name);

    /// <summary>Runs a group; the exit code is 0 if every check passed.</summary>
    /// <exception cref="ArgumentException">There is no such group.</exception>
    public static int Run(string name, Device device)
    {
        Action<CheckReport, Device> run = name == "smoke" ? SmokeChecks.Run
            : all.FirstOrDefault(g => g.Name == name).Run
              ?? throw new ArgumentException($"group '{name}': {string.Join(", ", Names)} were wanted");
        TorchInfo.Threads = Environment.ProcessorCount;
        var report = new CheckReport(name);
        run(report, device);
        return report.Failed == 0 ? 0 : 1;
    }
}
