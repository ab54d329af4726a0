using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>Joins each block's class token to its patches and makes a pyramid of the maps: 4 and 2 times finer, as they are, and 2 times coarser.</summary>
sealed class ReassembleBlocks : Net<PatchFeatureList, Tensor[]>
{
    readonly Conv2d[] projects;
    readonly Net?[] resize_layers;
    readonly Sequential[] readout_projects;

    public ReassembleBlocks(Weights w, int width, int[] channels) : base(w)
    {
        projects = [.. channels.Select((c, k) => new Conv2d(w / "projects" / k / "conv", width, c, kernel: 1, bias: true))];
        var resize = w / "resize_layers";
        resize_layers =
        [
            new ConvTranspose2d(resize / 0, channels[0], channels[0], kernel: 4, stride: 4),
            new ConvTranspose2d(resize / 1, channels[1], channels[1], kernel: 2, stride: 2),
            null,
            new Conv2d(resize / 3, channels[3], channels[3], kernel: 3, stride: 2, bias: true),
        ];
        readout_projects = [.. channels.Select((_, k) => new Sequential(w / "readout_projects" / k, p => new Linear(p, 2 * width, width), p => new GELU(p)))];
    }

    protected override Tensor[] Forward(PatchFeatureList features) => [.. features.Layers.Select(Reassemble)];

    Tensor Reassemble(PatchFeatures layer, int k)
    {
        var map = layer.Patches;
        var tokens = map.Flatten(2).Transpose(1, 2);                            // [N, T, D]
        var everywhere = Aten.Expand(layer.ClassToken.Unsqueeze(1), [-1, tokens.Size(1), -1]);
        var joined = Tensor.Concat([tokens, everywhere], 2).Apply(readout_projects[k]);
        var projected = joined.Transpose(1, 2).Reshape(map.Shape).Apply(projects[k]);
        return resize_layers[k] is { } resize ? projected.Apply(resize) : projected;
    }
}
