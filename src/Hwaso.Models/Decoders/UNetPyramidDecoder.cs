using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Decoders;

/// <summary>A U-Net's decoder (<see cref="UNetDecoder"/>) over any encoder.</summary>
public sealed record UNetPyramidDecoder : PyramidDecoder
{
    static readonly Settings<PyramidDecoder> settings = Own(new Settings<UNetPyramidDecoder>()
        .Ints("widths", d => d.Blocks.Channels, (d, v) => d with { Blocks = d.Blocks with { Channels = v } }, 1,
            "channels of its blocks, coarsest first", count: 5)
        .Flag("scse", d => d.Blocks.Scse, (d, v) => d with { Blocks = d.Blocks with { Scse = v } },
            "whether its blocks weight channels and pixels"));

    /// <summary>The decoder.</summary>
    public UNetConfig Blocks { get; init; } = new();

    /// <inheritdoc/>
    public override int OutputStride => 32;

    /// <inheritdoc/>
    public override int Depth { get; init; } = 5;

    /// <inheritdoc/>
    public override int HeadKernel => 3;

    /// <inheritdoc/>
    public override int Features => Blocks.Channels[^1];

    /// <inheritdoc/>
    public override Settings<PyramidDecoder> Settings => settings;

    /// <inheritdoc/>
    public override Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels) => new UNetDecoder(w, Blocks, channels);
}
