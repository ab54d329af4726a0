using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>The sum of all branches at the resolution of one: coarser ones through 1×1 convolution and upsampling, finer ones through 3×3 strides.</summary>
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
    protected override Tensor Forward(Tensor[] branches)
    {
        var (height, width) = (branches[to].Size(2), branches[to].Size(3));
        Tensor? sum = null;
        for (var from = 0; from < branches.Length; from++)
        {
            var step = steps[from];
            var y = step is null ? branches[from] : branches[from].Apply(step);
            if (from > to)
                y = upsampling == FuseUpsampling.Nearest ? y.ResizeNearest(height, width) : y.ResizeBilinear(height, width, alignCorners);
            sum = sum is null ? y : sum + y;
        }
        return sum!.Relu();
    }

    static Sequential Up(Weights w, int cin, int cout, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 1),
        p => new BatchNorm2d(p, cout, momentum: momentum));

    // The width changes at the last of the strides; there is no ReLU behind it, since the sum has one.
    static Sequential Down(Weights w, int cin, int cout, int strides, double momentum) => new(w,
        Enumerable.Range(0, strides).Select<int, Func<Weights, Net>>(s => p => s == strides - 1
            ? new Sequential(p, q => new Conv2d(q, cin, cout, kernel: 3, stride: 2), q => new BatchNorm2d(q, cout, momentum: momentum))
            : new Sequential(p, q => new Conv2d(q, cin, cin, kernel: 3, stride: 2), q => new BatchNorm2d(q, cin, momentum: momentum), q => new ReLU(q))).ToArray());
}
