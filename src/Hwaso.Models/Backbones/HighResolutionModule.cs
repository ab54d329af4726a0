using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>Parallel branches of BasicBlocks, then every branch fused into every other.</summary>
public sealed class HighResolutionModule : Net<Tensor[], Tensor[]>
{
    readonly BasicBlock[][] branches;
    readonly Fuse[] fuse_layers;

    /// <summary>A module whose branches keep their widths; all of them come out, or the finest alone.</summary>
    public HighResolutionModule(Weights w, HRNetStage stage, HRNetConfig config, FuseUpsampling upsampling, bool highestOnly = false)
        : base(w)
    {
        branches = stage.Channels.Select((channels, b) => Enumerable.Range(0, stage.Blocks[b])
            .Select(k => new BasicBlock(w / "branches" / b / k, channels, channels, attention: config.Attention, momentum: config.Momentum))
                .ToArray()).ToArray();
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

/// <summary>
/// The sum of all branches at the resolution of one: coarser ones through 1×1 convolution and upsampling, finer ones through 3×3 strides.
/// </summary>
public sealed class Fuse : Net<Tensor[], Tensor>
{
    readonly Sequential?[] steps;
    readonly FuseUpsampling upsampling;
    readonly bool alignCorners;
    readonly int to;

    /// <summary>One step from each branch but the branch itself.</summary>
    public Fuse(Weights w, IReadOnlyList<int> channels, int to, HRNetConfig config, FuseUpsampling upsampling) : base(w)
    {
        (this.to, this.upsampling, alignCorners) = (to, upsampling, config.AlignCorners);
        steps = channels.Select((width, from) =>
            from == to ? null
            : from > to ? Up(w / from, width, channels[to], config.Momentum)
            : Down(w / from, width, channels[to], to - from, config.Momentum)).ToArray();
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor[] branches) => Terms(branches).SumWithRelu();

    // One by one, so that recorded networks add each as soon as it is there.
    IEnumerable<Tensor> Terms(Tensor[] branches)
    {
        var (height, width) = (branches[to].Size(2), branches[to].Size(3));
        for (var from = 0; from < branches.Length; from++)
        {
            var step = steps[from];
            var y = step is null ? branches[from] : branches[from].Apply(step);
            if (from > to)
                y = upsampling == FuseUpsampling.Nearest ? y.ResizeNearest(height, width) : y.ResizeBilinear(height, width, alignCorners);
            yield return y;
        }
    }

    static Sequential Up(Weights w, int cin, int cout, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 1),
        p => new BatchNorm2d(p, cout, momentum: momentum));

    // The width changes at the last of the strides; there is no ReLU behind it, since the sum has one.
    static Sequential Down(Weights w, int cin, int cout, int strides, double momentum) => new(w,
        Enumerable.Range(0, strides).Select<int, Func<Weights, Net>>(s => p => s == strides - 1
            ? new Sequential(p, q => new Conv2d(q, cin, cout, kernel: 3, stride: 2), q => new BatchNorm2d(q, cout, momentum: momentum))
            : new Sequential(p, q => new Conv2d(q, cin, cin, kernel: 3, stride: 2), q => new BatchNorm2d(q, cin, momentum: momentum),
                q => new ReLU(q))).ToArray());
}

/// <summary>How a coarser branch comes to the resolution of a finer one inside an HRNet.</summary>
public enum FuseUpsampling
{
    /// <summary>Between pixels, to any size: HRNetV2 for segmentation.</summary>
    Bilinear,

    /// <summary>
    /// Every pixel repeated, so that sizes must halve without rest: HRNetV1 for poses, the ImageNet classifiers, HRNetV2p for detection.
    /// </summary>
    Nearest,
}

/// <summary>From the branches of one stage to those of the next: widths adapted, one branch added by stride from the lowest.</summary>
public sealed class Transition : Net<Tensor[], Tensor[]>
{
    readonly Net?[] steps;

    /// <summary>One step per branch; none for a branch that stays unchanged.</summary>
    public Transition(Weights w, IReadOnlyList<int> from, IReadOnlyList<int> to, double momentum) : base(w)
    {
        steps = new Net?[to.Count];
        for (var b = 0; b < to.Count; b++)
        {
            if (b >= from.Count)
                steps[b] = Descend(w / b, from[^1], to[b], b + 1 - from.Count, momentum);
            else if (from[b] != to[b])
                steps[b] = ConvBnRelu(w / b, from[b], to[b], stride: 1, momentum);
        }
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor[] branches) =>
        steps.Select((step, b) => step is null ? branches[b] : branches[Math.Min(b, branches.Length - 1)].Apply(step)).ToArray();

    static Sequential Descend(Weights w, int cin, int cout, int steps, double momentum) => new(w,
        Enumerable.Range(0, steps)
        .Select<int, Func<Weights, Net>>(s => p => ConvBnRelu(p, cin, s == steps - 1 ? cout : cin, stride: 2, momentum)).ToArray());

    static Sequential ConvBnRelu(Weights w, int cin, int cout, int stride, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 3, stride: stride),
        p => new BatchNorm2d(p, cout, momentum: momentum),
        p => new ReLU(p));
}
