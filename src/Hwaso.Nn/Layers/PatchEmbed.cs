using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// Cuts an image into square patches and projects each to a token, [N, C, H, W] to [N, H/P · W/P, D]. Dosovitskiy et al., ICLR 2021.
/// </summary>
public sealed class PatchEmbed : Net
{
    readonly Conv2d proj;
    readonly int channels, patchPx;

    /// <summary>Patches of <paramref name="patchPx"/> pixels a side, row by row.</summary>
    /// <exception cref="ArgumentException">A count below 1.</exception>
    public PatchEmbed(Weights w, int patchPx, int width, int channels = 3) : base(w)
    {
        proj = new(w / "proj", channels, width, kernel: patchPx, stride: patchPx, padding: 0, bias: true);
        (this.channels, this.patchPx) = (channels, patchPx);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Not an image of so many channels, or a side that is no multiple of the patch's.</exception>
    protected override Tensor Forward(Tensor x)
    {
        if (x.Dimensions != 4 || x.Size(1) != channels)
            throw new ArgumentException($"{Path}: {x} was given; images [N, {channels}, H, W] were wanted");
        if (x.Size(2) < patchPx || x.Size(3) < patchPx || x.Size(2) % patchPx != 0 || x.Size(3) % patchPx != 0)
            throw new ArgumentException(
                $"{Path}: an image of {x.Size(2)}×{x.Size(3)} does not divide into patches of {patchPx}×{patchPx}; "
                + $"pad its sides to multiples of {patchPx}");
        return x.Apply(proj).Flatten(2).Transpose(1, 2);                        // [N, D, h, w] → [N, T, D]
    }
}
