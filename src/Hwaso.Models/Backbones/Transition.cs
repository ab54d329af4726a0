using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>From the branches of one stage to those of the next: widths adapted, one branch added by stride from the lowest.</summary>
public sealed class Transition : Net<Tensor[], Tensor[]>
{
    readonly Net?[] steps;

    /// <summary>One step a branch; none where a branch goes on as it is.</summary>
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
        Enumerable.Range(0, steps).Select<int, Func<Weights, Net>>(s => p => ConvBnRelu(p, cin, s == steps - 1 ? cout : cin, stride: 2, momentum)).ToArray());

    static Sequential ConvBnRelu(Weights w, int cin, int cout, int stride, double momentum) => new(w,
        p => new Conv2d(p, cin, cout, kernel: 3, stride: stride),
        p => new BatchNorm2d(p, cout, momentum: momentum),
        p => new ReLU(p));
}
