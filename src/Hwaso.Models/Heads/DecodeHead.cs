// The heads of mmsegmentation 0.x (mmseg/models/decode_heads), whose names they have: decode_head.conv_seg and the rest.
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>A head over a backbone's four maps, and which maps it asks for.</summary>
public abstract record DecodeHead
{
    /// <summary>Channels between its layers.</summary>
    public abstract int Channels { get; init; }

    /// <summary>Pixels of the image to one of the backbone's last map: 32, or 8 by dilation.</summary>
    public abstract int OutputStride { get; init; }

    /// <summary>Its settings.</summary>
    public abstract Settings<DecodeHead> Settings { get; }

    /// <summary>Builds it: four maps, finest first, to logits.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other.</exception>
    public abstract Net<Tensor[], Tensor> Build(Weights w, IReadOnlyList<int> channels, int classes);

    /// <summary>Probability with which every head drops a channel before its classifier.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>The settings of a head's own record, with those of all, as settings of every head.</summary>
    protected static Settings<DecodeHead> Own<T>(Settings<T> settings)
        where T : DecodeHead => new Settings<DecodeHead>()
            .Include(d => (T)d, (_, d) => d, new Settings<T>()
                .Int("channels", d => d.Channels, (d, v) => d with { Channels = v }, 1, "channels between the head's layers; 512")
                .Number("dropout", d => d.Dropout, (d, v) => d with { Dropout = v }, 0,
                    "probability with which it drops a channel; 0.1", max: 1))
            .Include(d => (T)d, (_, d) => d, settings);
}

/// <summary>A pyramid of averages of one map: the map, and its means over 1, 2×2, 3×3 and 6×6 parts. Zhao et al., CVPR 2017.</summary>
sealed class PoolingPyramid : Net
{
    static readonly int[] parts = [1, 2, 3, 6];

    readonly ConvModule[] modules;

    public PoolingPyramid(Weights w, int channels, int width) : base(w)
    {
        modules = [.. parts.Select((_, k) => new ConvModule(w / k / 1, channels, width, kernel: 1))];
        Channels = channels + parts.Length * width;
    }

    /// <summary>Channels of the map and of all averages beside it.</summary>
    public int Channels { get; }

    protected override Tensor Forward(Tensor x) => Tensor.Concat(
        [x, .. modules.Select((module, k) => Aten.AdaptiveAvgPool2d(x, [parts[k], parts[k]]).Apply(module)
            .ResizeBilinear(x.Size(2), x.Size(3)))], 1);
}
