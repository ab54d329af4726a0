using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>Parallel branches of BasicBlocks, then every branch fused into every other.</summary>
public sealed class HighResolutionModule : Net<Tensor[], Tensor[]>
{
    readonly BasicBlock[][] branches;
    readonly Fuse[] fuse_layers;

    /// <summary>A module whose branches keep their widths; all of them come out, or the finest alone.</summary>
    public HighResolutionModule(Weights w, HRNetStage stage, HRNetConfig config, FuseUpsampling upsampling, bool highestOnly = false) : base(w)
    {
        branches = stage.Channels.Select((channels, b) => Enumerable.Range(0, stage.Blocks[b])
            .Select(k => new BasicBlock(w / "branches" / b / k, channels, channels, attention: config.Attention, momentum: config.Momentum)).ToArray()).ToArray();
        fuse_layers = Enumerable.Range(0, highestOnly ? 1 : stage.Channels.Count)
            .Select(to => new Fuse(w / "fuse_layers" / to, stage.Channels, to, config, upsampling)).ToArray();
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor[] x)
    {
        var refined = x.Select((branch, b) => branches[b].Aggregate(branch, (y, block) => y.Apply(block))).ToArray();
        return fuse_layers.Select(fuse => refined.Apply(fuse)).ToArray();
    }
}
