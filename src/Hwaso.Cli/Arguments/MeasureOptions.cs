using System.CommandLine;
using Hwaso.Data;

namespace Hwaso.Cli.Arguments;

/// <summary>The options of the verbs that score.</summary>
sealed class MeasureOptions
{
    const int UsualBootstrap = Metrics.Bootstrap.DefaultReplicates;

    public Option<string?> Absent { get; } = Values.Choice(
        "--absent",
        "how classes that are neither true nor predicted enter the means: leave-out, as in Cityscapes' scripts, or zero, as in HRNet's "
        + "(default: leave-out)",
        ["leave-out", "zero"]);

    public Option<bool> Boundary { get; } = Values.Flag("--boundary", "also computes boundary IoU");

    public Option<int?> Bootstrap { get; } = Values.Whole(
        "--bootstrap", "N", $"resamplings of the images for 95 % intervals; 0 for none (default: {UsualBootstrap})");

    /// <summary>How absent classes enter the means.</summary>
    public AbsentClasses AbsentOf(ParseResult arguments) =>
        arguments.GetValue(Absent) == "zero" ? AbsentClasses.Zero : AbsentClasses.LeaveOut;

    /// <summary>The resamplings asked for.</summary>
    public int BootstrapOf(ParseResult arguments) => arguments.GetValue(Bootstrap) ?? UsualBootstrap;
}
