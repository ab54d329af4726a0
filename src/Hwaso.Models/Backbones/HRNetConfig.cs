using Hwaso.Models.Attention;

namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one HRNet from another; the named sizes are the authors'.</summary>
public sealed record HRNetConfig
{
    /// <summary>Bottlenecks of stage 1.</summary>
    public int Stage1Blocks { get; init; } = 4;

    /// <summary>Width of stage 1's Bottlenecks; four times as many channels come out.</summary>
    public int Stage1Channels { get; init; } = 64;

    /// <summary>Two branches.</summary>
    public required HRNetStage Stage2 { get; init; }

    /// <summary>Three branches.</summary>
    public required HRNetStage Stage3 { get; init; }

    /// <summary>Four branches.</summary>
    public required HRNetStage Stage4 { get; init; }

    /// <summary>Whether bilinear upsampling maps corner pixels to corner pixels: false in the authors' plain networks, true in their OCR ones.</summary>
    public bool AlignCorners { get; init; }

    /// <summary>Batch norm's momentum: 0.1 in one official branch, 0.01 in another.</summary>
    public double Momentum { get; init; } = 0.1;

    /// <summary>Stands in every BasicBlock between conv1-bn-relu and conv2, never in a Bottleneck; null for none.</summary>
    public AttentionModule? Attention { get; init; }

    /// <summary>1.5 M parameters: C = 16, one module a stage, two blocks a branch.</summary>
    public static HRNetConfig W18SmallV1 => Of(16, 1, 1, 1, 2) with { Stage1Blocks = 1, Stage1Channels = 32 };

    /// <summary>3.9 M parameters: C = 18, modules 1, 3, 2, two blocks a branch.</summary>
    public static HRNetConfig W18SmallV2 => Of(18, 1, 3, 2, 2) with { Stage1Blocks = 2 };

    /// <summary>The full depth at a width: modules 1, 4, 3 and four blocks a branch. The authors released 18, 30, 32, 40, 44, 48 and 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The width is not positive.</exception>
    public static HRNetConfig OfWidth(int width) => Of(width, 1, 4, 3, 4);

    static HRNetConfig Of(int c, int modules2, int modules3, int modules4, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(c, 1);
        HRNetStage Stage(int modules, int branches) =>
            new(modules, Enumerable.Repeat(blocks, branches).ToArray(), Enumerable.Range(0, branches).Select(b => c << b).ToArray());
        return new HRNetConfig { Stage2 = Stage(modules2, 2), Stage3 = Stage(modules3, 3), Stage4 = Stage(modules4, 4) };
    }

    /// <summary>Checks that the stages fit each other.</summary>
    /// <exception cref="ArgumentException">A stage with another number of branches than it must have, or a count below 1.</exception>
    public void Check()
    {
        foreach (var (name, stage, branches) in new[] { ("stage2", Stage2, 2), ("stage3", Stage3, 3), ("stage4", Stage4, 4) })
        {
            if (stage.Blocks.Count != branches || stage.Channels.Count != branches)
                throw new ArgumentException($"{name}: {stage.Blocks.Count} block counts and {stage.Channels.Count} channel counts; {branches} of each were wanted, one a branch");
            if (stage.Modules < 1 || stage.Blocks.Any(b => b < 1) || stage.Channels.Any(c => c < 1))
                throw new ArgumentException($"{name}: modules, blocks and channels must each be at least 1");
        }
        if (Stage1Blocks < 1 || Stage1Channels < 1)
            throw new ArgumentException("stage1: blocks and channels must each be at least 1");
    }
}
