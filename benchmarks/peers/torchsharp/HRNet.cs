using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hwaso.Bench.TorchSharpPeer;

/// <summary>
/// HRNetV2 for semantic segmentation as a user of TorchSharp writes it. Names are the official implementation's, so that the formula rule
/// fills it as it fills the other sides. Wang, Sun, Cheng, et al., "Deep High-Resolution Representation Learning for Visual Recognition",
/// TPAMI 2020.
/// </summary>
sealed class HRNet : Module<Tensor, Tensor>
{
    readonly Module<Tensor, Tensor> conv1, bn1, conv2, bn2, layer1, last;
    readonly Group[] transitions, stages;

    public HRNet(int width, int classes) : base(nameof(HRNet))
    {
        int[] widths = [width, 2 * width, 4 * width, 8 * width], modules = [1, 4, 3];
        (conv1, bn1) = (Layers.Conv(3, 64, 3, 2), BatchNorm2d(64));
        (conv2, bn2) = (Layers.Conv(64, 64, 3, 2), BatchNorm2d(64));
        layer1 = Layers.Row(4, b => new Bottleneck(b == 0 ? 64 : 256, 64));
        (transitions, stages) = (new Group[3], new Group[3]);
        for (var s = 0; s < 3; s++)
        {
            // A new branch is a list of one strided convolution; the first branch gets its width at the beginning.
            transitions[s] = new Group();
            if (s == 0)
                transitions[s].Put(0, Layers.ConvNorm(256, widths[0], 3, 1));
            transitions[s].Put(s + 1, Sequential(Layers.ConvNorm(s == 0 ? 256 : widths[s], widths[s + 1], 3, 2)));
            stages[s] = new Group();
            for (var k = 0; k < modules[s]; k++)
                stages[s].Put(k, new Fusion(widths[..(s + 2)], 4));
            register_module($"transition{s + 1}", transitions[s]);
            register_module($"stage{s + 2}", stages[s]);
        }
        var total = widths.Sum();
        last = Sequential(Conv2d(total, total, 1), BatchNorm2d(total), ReLU(inplace: true), Conv2d(total, classes, 1));
        foreach (var (name, part) in new[] { ("conv1", conv1), ("bn1", bn1), ("conv2", conv2), ("bn2", bn2), ("layer1", layer1), ("last_layer", last) })
            register_module(name, part);
    }

    /// <summary>Image [N, 3, H, W] to logits [N, K, H/4, W/4].</summary>
    public override Tensor forward(Tensor input)
    {
        var x = Layers.Relu(bn1.call(conv1.call(input)));
        x = Layers.Relu(bn2.call(conv2.call(x)));
        Tensor[] xs = [layer1.call(x)];
        for (var s = 0; s < 3; s++)
        {
            var before = xs;
            xs = [.. Enumerable.Range(0, s + 2).Select(k => (From: before[Math.Min(k, before.Length - 1)], Step: transitions[s].Layer(k)))
                .Select(t => t.Step is null ? t.From : t.Step.call(t.From))];
            foreach (var fusion in stages[s].children().Cast<Fusion>())
                xs = fusion.Forward(xs);
        }
        return last.call(cat([xs[0], .. xs[1..].Select(y => Layers.Resize(y, xs[0]))], 1));
    }
}

/// <summary>Branches side by side, then every branch receives the sum of all.</summary>
sealed class Fusion : Module
{
    readonly Group branches = new();
    readonly Group[] rows;

    public Fusion(int[] widths, int blocks) : base(nameof(Fusion))
    {
        var fuse = new Group();
        rows = new Group[widths.Length];
        for (var to = 0; to < widths.Length; to++)
        {
            branches.Put(to, Layers.Row(blocks, _ => new BasicBlock(widths[to])));
            rows[to] = new Group();
            for (var from = 0; from < widths.Length; from++)
                if (from > to)
                    rows[to].Put(from, Layers.ConvNorm(widths[from], widths[to], 1, 1, relu: false));
                else if (from < to)
                    rows[to].Put(from, Layers.Row(to - from, k => Layers.ConvNorm(widths[from], k == to - from - 1 ? widths[to] : widths[from],
                        3, 2, relu: k < to - from - 1)));
            fuse.Put(to, rows[to]);
        }
        register_module("branches", branches);
        register_module("fuse_layers", fuse);
    }

    public Tensor[] Forward(Tensor[] inputs)
    {
        Tensor[] xs = [.. inputs.Select((x, k) => branches.Layer(k)!.call(x))];
        return [.. Enumerable.Range(0, xs.Length).Select(to => Layers.Relu(Enumerable.Range(0, xs.Length).Select(from =>
        {
            var y = rows[to].Layer(from) is { } layer ? layer.call(xs[from]) : xs[from];
            return from > to ? Layers.Resize(y, xs[to]) : y;
        }).Aggregate((a, b) => a + b)))];
    }
}

/// <summary>Two 3×3 convolutions and a shortcut.</summary>
sealed class BasicBlock : Module<Tensor, Tensor>
{
    readonly Module<Tensor, Tensor> conv1, bn1, conv2, bn2;

    public BasicBlock(int channels) : base(nameof(BasicBlock))
    {
        (conv1, bn1) = (Layers.Conv(channels, channels, 3, 1), BatchNorm2d(channels));
        (conv2, bn2) = (Layers.Conv(channels, channels, 3, 1), BatchNorm2d(channels));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var y = bn2.call(conv2.call(Layers.Relu(bn1.call(conv1.call(input)))));
        return Layers.Relu(y.add_(input));
    }
}

/// <summary>1×1, 3×3 and 1×1 convolutions and a shortcut; four times as many channels come out.</summary>
sealed class Bottleneck : Module<Tensor, Tensor>
{
    readonly Module<Tensor, Tensor> conv1, bn1, conv2, bn2, conv3, bn3;
    readonly Module<Tensor, Tensor>? downsample;

    public Bottleneck(int channels, int planes) : base(nameof(Bottleneck))
    {
        (conv1, bn1) = (Layers.Conv(channels, planes, 1, 1), BatchNorm2d(planes));
        (conv2, bn2) = (Layers.Conv(planes, planes, 3, 1), BatchNorm2d(planes));
        (conv3, bn3) = (Layers.Conv(planes, 4 * planes, 1, 1), BatchNorm2d(4 * planes));
        downsample = channels == 4 * planes ? null : Layers.ConvNorm(channels, 4 * planes, 1, 1, relu: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var y = Layers.Relu(bn1.call(conv1.call(input)));
        y = Layers.Relu(bn2.call(conv2.call(y)));
        return Layers.Relu(bn3.call(conv3.call(y)).add_(downsample is null ? input : downsample.call(input)));
    }
}

/// <summary>Modules by number, with gaps.</summary>
sealed class Group() : Module(nameof(Group))
{
    readonly Dictionary<int, Module> parts = [];

    public void Put(int number, Module part)
    {
        parts.Add(number, part);
        register_module($"{number}", part);
    }

    public Module<Tensor, Tensor>? Layer(int number) => parts.GetValueOrDefault(number) as Module<Tensor, Tensor>;
}

static class Layers
{
    public static Module<Tensor, Tensor> Conv(int from, int to, int kernel, int stride) =>
        Conv2d(from, to, kernel, stride: stride, padding: kernel / 2, bias: false);

    public static Module<Tensor, Tensor> ConvNorm(int from, int to, int kernel, int stride, bool relu = true) => relu
        ? Sequential(Conv(from, to, kernel, stride), BatchNorm2d(to), ReLU(inplace: true))
        : Sequential(Conv(from, to, kernel, stride), BatchNorm2d(to));

    public static Module<Tensor, Tensor> Row(int count, Func<int, Module<Tensor, Tensor>> layer) =>
        Sequential(Enumerable.Range(0, count).Select(layer).ToArray());

    public static Tensor Relu(Tensor x) => x.relu_();

    public static Tensor Resize(Tensor x, Tensor like) =>
        functional.interpolate(x, [like.shape[2], like.shape[3]], mode: InterpolationMode.Bilinear, align_corners: false);
}
