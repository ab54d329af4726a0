// Zhou et al., "UNet++: a nested U-Net architecture for medical image segmentation", DLMIA 2018, as segmentation_models.pytorch has it
// (decoders/unetplusplus/decoder.py). Deviations: maps are enlarged to the size of their skips, so that sides need no multiples of 32.
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>A U-Net between whose maps others are built, each from all before it at its size and one coarser.</summary>
public sealed record UNetPlusPlusDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<UNetPlusPlusDecoder>()
        .Ints("widths", d => d.Widths, (d, v) => d with { Widths = v }, 1, "channels of its blocks, coarsest first", count: 5)
        .Flag("scse", d => d.Scse, (d, v) => d with { Scse = v },
            "whether every block of a `unet` or `unetplusplus` weights channels and pixels before and behind its convolutions; false"));

    /// <summary>Channels of the blocks that go from the coarsest map to the image's size.</summary>
    public ValueList<int> Widths { get; init; } = [256, 128, 64, 32, 16];

    /// <summary>Whether every block weights channels and pixels (Roy et al., MICCAI 2018).</summary>
    public bool Scse { get; init; }

    /// <inheritdoc/>
    public override int OutputStride => 32;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 3;

    /// <inheritdoc/>
    public override int Features => Widths[^1];

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels)
    {
        AskForEvery(w, channels);
        return new UNetPlusPlusDecoderNet(w, this, channels);
    }
}

/// <summary>The nest: x_d_l is made of level d's way to size l, size 0 being that of the second coarsest map.</summary>
sealed class UNetPlusPlusDecoderNet : Net<Tensor[], Tensor>
{
    readonly int sizes;
    readonly Dictionary<(int Depth, int Size), UNetBlock> blocks = [];

    public UNetPlusPlusDecoderNet(Weights w, UNetPlusPlusDecoder config, IReadOnlyList<int> channels) : base(w)
    {
        sizes = channels.Count - 1;
        int[] skips = [.. channels.SkipLast(1).Reverse()], inputs = [channels[^1], .. config.Widths.SkipLast(1)];
        UNetBlock Block(int depth, int size, int cin, int skip, int cout) =>
            new(w / "blocks" / $"x_{depth}_{size}", cin, skip, cout, scse: config.Scse);
        for (var size = 0; size < sizes; size++)
            for (var depth = 0; depth <= size; depth++)
                blocks[(depth, size)] = Block(
                    depth, size, depth == 0 ? inputs[size] : skips[size - 1], skips[size] * (size + 1 - depth),
                    depth == 0 ? config.Widths[size] : skips[size]);
        blocks[(0, sizes)] = Block(0, sizes, inputs[^1], 0, config.Widths[^1]);
    }

    protected override Tensor Forward(Tensor[] imageAndMaps)
    {
        // Map 0 is the coarsest.
        Tensor Map(int k) => imageAndMaps[^(k + 1)];
        var dense = new Dictionary<(int Depth, int Size), Tensor>();
        for (var layer = 0; layer < sizes; layer++)
            for (var depth = 0; depth < sizes - layer; depth++)
            {
                var size = depth + layer;
                var skips = Enumerable.Range(depth + 1, layer).Select(d => dense[(d, size)]).Append(Map(size + 1)).ToArray();
                dense[(depth, size)] = Joined(layer == 0 ? Map(depth) : dense[(depth, size - 1)], skips).Apply(blocks[(depth, size)]);
            }
        return dense[(0, sizes - 1)].ResizeNearest(imageAndMaps[0].Size(2), imageAndMaps[0].Size(3)).Apply(blocks[(0, sizes)]);
    }

    static Tensor Joined(Tensor coarse, Tensor[] skips) =>
        Tensor.Concat([coarse.ResizeNearest(skips[0].Size(2), skips[0].Size(3)), .. skips], 1);
}
