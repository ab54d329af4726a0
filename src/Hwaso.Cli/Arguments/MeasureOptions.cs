using System.CommandLine;
using Hwaso.Data;

namespace Hwaso.Cli.Arguments;

/// <summary>The options of the verbs that score.</summary>
sealed class MeasureOptions
{
    public Option<string?> Absent { get; } = Values.Choice(
        "--absent", "what a class does to means that is neither true nor predicted: leave-out, as Cityscapes' scripts, or zero, as HRNet's (default: leave-out)", ["leave-out", "zero"]);

    public Option<bool> Boundary { get; } = Values.Flag("--boundary", "boundary IoU too");

    public Option<int?> Bootstrap { get; } = Values.Whole(
        "--bootstrap", "N", $"resamplings of the images for 95 % intervals; 0 for none (default: {Hwaso.Metrics.Bootstrap.DefaultReplicates})");

    /// <summary>What absent classes were asked to do.</summary>
    public AbsentClasses AbsentOf(ParseResult arguments) => arguments.GetValue(Absent) == "zero" ? AbsentClasses.Zero : AbsentClasses.LeaveOut;

    /// <summary>The resamplings asked for.</summary>
    public int BootstrapOf(ParseResult arguments) => arguments.GetValue(Bootstrap) ?? Hwaso.Metrics.Bootstrap.DefaultReplicates;
}
