// MobileNetV3 as timm has it (timm/models/mobilenetv3.py), whose names segmentation_models.pytorch's `tu-mobilenetv3_*` encoders have:
// batch norms with PyTorch's own numbers, and a dilated stage whose first block keeps the dilation so far.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>Images [N, C, H, W] to a map behind every layer: the stem at stride 2, each block, the last convolution.</summary>
public sealed class MobileNetV3Timm : Backbone
{
    readonly Conv2d conv_stem;
    readonly BatchNorm2d bn1;
    readonly Net[] blocks;
    readonly int inChannels, stride, running;

    /// <summary>Builds it directly at its place.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="config">The blocks; its own dilation is not looked at.</param>
    /// <param name="outputStride">Pixels of the image to one of the last map: 32, or 16 or 8 by dilation.</param>
    public MobileNetV3Timm(Weights w, MobileNetV3Config config, int outputStride) : base(w)
    {
        inChannels = config.InChannels;
        var rows = config.Blocks;
        Channels = [config.StemChannels, .. rows.Select(r => r.Channels), config.LastChannels];
        conv_stem = new(w / "conv_stem", inChannels, config.StemChannels, kernel: 3, stride: 2);
        bn1 = new(w / "bn1", config.StemChannels);
        var (stage, block, reached, dilation) = (-1, 0, 2, 1);
        blocks = new Net[rows.Count + 1];
        for (var b = 0; b < rows.Count; b++)
        {
            var row = rows[b];
            // A stage ends where the map or its channels change.
            (stage, block) = b == 0 || row.Stride == 2 || row.Channels != rows[b - 1].Channels ? (stage + 1, 0) : (stage, block + 1);
            var halves = row.Stride == 2 && reached < outputStride;
            reached *= halves ? 2 : 1;
            blocks[b] = new TimmMobileBlock(w / "blocks" / stage / block, row, Channels[b], halves, dilation);
            dilation *= row.Stride == 2 && !halves ? 2 : 1;
        }
        blocks[^1] = new TimmMobileEnd(w / "blocks" / (stage + 1) / 0, Channels[^2], config.LastChannels);
        Ends = [.. Enumerable.Range(0, rows.Count).Where(b => rows[b].Stride == 2), blocks.Length];
        (stride, running) = (Math.Min(1 << config.Depth, outputStride), Ends[config.Depth - 1] + 1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Ends { get; }

    /// <summary>Convolutions He's normal by fan-out, biases 0.</summary>
    public override void InitialiseAsPublished()
    {
        foreach (var (name, tensor) in Weights.Parameters)
            if (tensor.Dimensions == 4)
                Init.KaimingNormal(tensor);
            else if (name.EndsWith(".bias", StringComparison.Ordinal))
                Init.Constant(tensor, 0);
    }

    /// <inheritdoc/>
    protected override Tensor[] Forward(Tensor x)
    {
        if (x.Dimensions != 4 || x.Size(1) != inChannels)
            throw new ArgumentException($"{conv_stem.Weights.Path}: {x} was given; images [N, {inChannels}, H, W] were wanted");
        if (x.Size(2) < stride || x.Size(3) < stride)
            throw new SmallImageException(blocks[^1].Weights.Path, x.Size(2), x.Size(3), "the last stage", stride);
        var maps = new Tensor[running];
        maps[0] = x = Aten.Hardswish(x.Apply(conv_stem).Apply(bn1));
        for (var k = 1; k < running; k++)
            maps[k] = x = x.Apply(blocks[k - 1]);
        return maps;
    }
}

/// <summary>
/// 1×1 to more channels unless there are as many already, depthwise, weights of channels, 1×1 to fewer, and a shortcut.
/// </summary>
sealed class TimmMobileBlock : Net
{
    readonly Conv2d? conv_pw;
    readonly Conv2d conv_dw, conv_pwl;
    readonly BatchNorm2d? bn1;
    readonly BatchNorm2d bn2, bn3;
    readonly HardSqueeze? se;
    readonly bool hardSwish, hasShortcut;

    public TimmMobileBlock(Weights w, MobileBlock row, int cin, bool halves, int dilation) : base(w)
    {
        (hardSwish, hasShortcut) = (row.HardSwish, row.Stride == 1 && cin == row.Channels);
        var stride = halves ? 2 : 1;
        // Without the first convolution the names of the others are one step nearer.
        var isPlain = row.Wide == cin;
        if (!isPlain)
        {
            conv_pw = new(w / "conv_pw", cin, row.Wide, kernel: 1);
            bn1 = new(w / "bn1", row.Wide);
        }
        conv_dw = new(w / "conv_dw", row.Wide, row.Wide, row.Kernel, stride, dilation: dilation, groups: row.Wide);
        bn2 = new(w / (isPlain ? "bn1" : "bn2"), row.Wide);
        se = row.Squeeze ? new(w / "se", row.Wide, "conv_reduce", "conv_expand") : null;
        conv_pwl = new(w / (isPlain ? "conv_pw" : "conv_pwl"), row.Wide, row.Channels, kernel: 1);
        bn3 = new(w / (isPlain ? "bn2" : "bn3"), row.Channels);
    }

    protected override Tensor Forward(Tensor x)
    {
        var y = conv_pw is null ? x : Activated(x.Apply(conv_pw).Apply(bn1!));
        y = Activated(y.Apply(conv_dw).Apply(bn2));
        y = (se is null ? y : y.Apply(se)).Apply(conv_pwl).Apply(bn3);
        return hasShortcut ? y + x : y;
    }

    Tensor Activated(Tensor x) => hardSwish ? Aten.Hardswish(x) : x.Relu();
}

/// <summary>The last 1×1 convolution, batch norm and hard-swish.</summary>
sealed class TimmMobileEnd(Weights w, int cin, int cout) : Net(w)
{
    readonly Conv2d conv = new(w / "conv", cin, cout, kernel: 1);
    readonly BatchNorm2d bn1 = new(w / "bn1", cout);

    protected override Tensor Forward(Tensor x) => Aten.Hardswish(x.Apply(conv).Apply(bn1));
}
