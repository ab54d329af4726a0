using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Normalisation of [N, C, H, W] over groups of channels and the pixels of each image. Wu and He, ECCV 2018.</summary>
public sealed class GroupNorm : Net
{
    readonly Tensor weight, bias;
    readonly int groups;
    readonly double epsilon;

    /// <summary>Normalises groups of as many channels each.</summary>
    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    public GroupNorm(Weights w, int groups, int channels, double epsilon = 1e-5) : base(w)
    {
        if (groups < 1 || channels % groups != 0)
            throw new ArgumentException($"{w.Path}: {channels} channels in {groups} groups; a multiple of the groups was wanted");
        weight = w.Parameter("weight", [channels], t => Init.Constant(t, 1));
        bias = w.Parameter("bias", [channels]);
        (this.groups, this.epsilon) = (groups, epsilon);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Aten.GroupNorm(x, groups, weight, bias, epsilon);
}
