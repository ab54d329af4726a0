// Hong et al., "Deep dual-resolution networks for real-time and accurate semantic segmentation of road scenes", 2021 (DAPPM), and Xu
// et al., "PIDNet: a real-time semantic segmentation network inspired by PID controllers", CVPR 2023 (PAPPM). Names are their authors'.
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>
/// Averages of the coarsest map over larger and larger squares, each joined with what was before (DAPPM) or all with the map alone, in one
/// grouped convolution (PAPPM): [N, C, h, w] to [N, M, h, w].
/// </summary>
sealed class ContextPooling : Net
{
    // Kernel, stride and padding; the last scale is the whole map.
    static readonly (int Kernel, int Stride)[] squares = [(5, 2), (9, 4), (17, 8)];

    readonly Sequential[] scales, processes;
    readonly Sequential? scale_process;
    readonly Sequential scale0, compression, shortcut;

    public ContextPooling(Weights w, int channels, int branch, int outputs, bool parallel) : base(w)
    {
        // A pool has no weights; its number in the authors' lists is left out.
        scales = [.. Enumerable.Range(1, squares.Length + 1).Select(k =>
            Activated.Build(w / $"scale{k}", channels, branch, kernel: 1, first: 1))];
        scale0 = Activated.Build(w / "scale0", channels, branch, kernel: 1);
        processes = parallel ? []
            : [.. scales.Select((_, k) => Activated.Build(w / $"process{k + 1}", branch, branch, kernel: 3))];
        scale_process = parallel
            ? Activated.Build(w / "scale_process", scales.Length * branch, scales.Length * branch, kernel: 3, groups: scales.Length)
            : null;
        compression = Activated.Build(w / "compression", (scales.Length + 1) * branch, outputs, kernel: 1);
        shortcut = Activated.Build(w / "shortcut", channels, outputs, kernel: 1);
    }

    protected override Tensor Forward(Tensor x)
    {
        var maps = new List<Tensor> { x.Apply(scale0) };
        for (var k = 0; k < scales.Length; k++)
        {
            var pooled = k < squares.Length
                ? Aten.AvgPool2d(x, Both(squares[k].Kernel), Both(squares[k].Stride), Both(squares[k].Kernel / 2))
                : x.Mean([2, 3], keep: true);
            var scale = pooled.Apply(scales[k]).ResizeBilinear(x.Size(2), x.Size(3));
            maps.Add(scale_process is null ? (scale + maps[k]).Apply(processes[k]) : scale + maps[0]);
        }
        if (scale_process is not null)
            maps = [maps[0], Tensor.Concat(maps.Skip(1), 1).Apply(scale_process)];
        return Tensor.Concat(maps, 1).Apply(compression) + x.Apply(shortcut);
    }

    static long[] Both(int side) => [side, side];
}

/// <summary>Batch norm, ReLU and a convolution, in this order.</summary>
static class Activated
{
    /// <summary>Builds the three.</summary>
    /// <param name="w">Their place.</param>
    /// <param name="cin">Input channels.</param>
    /// <param name="cout">Output channels.</param>
    /// <param name="kernel">Side of the kernel.</param>
    /// <param name="groups">Channel groups.</param>
    /// <param name="first">The number of the batch norm in the authors' list: 1 behind a pool, which has no weights.</param>
    public static Sequential Build(Weights w, int cin, int cout, int kernel, int groups = 1, int first = 0)
    {
        Func<Weights, Net>[] layers =
        [
            .. Enumerable.Repeat<Func<Weights, Net>>(p => new Unchanged(p), first),
            p => new BatchNorm2d(p, cin), p => new ReLU(p), p => new Conv2d(p, cin, cout, kernel, groups: groups),
        ];
        return new Sequential(w, layers);
    }

    /// <summary>Stands for the pool, which the caller does.</summary>
    sealed class Unchanged(Weights w) : Net(w)
    {
        protected override Tensor Forward(Tensor x) => x;
    }
}

/// <summary>The head of DDRNet and PIDNet: two convolutions, each behind its batch norm and ReLU.</summary>
sealed class ActivatedHead(Weights w, int cin, int width, int classes) : Net(w)
{
    readonly BatchNorm2d bn1 = new(w / "bn1", cin);
    readonly Conv2d conv1 = new(w / "conv1", cin, width, kernel: 3);
    readonly BatchNorm2d bn2 = new(w / "bn2", width);
    readonly Conv2d conv2 = new(w / "conv2", width, classes, kernel: 1, bias: true);

    protected override Tensor Forward(Tensor x) => x.NormRelu(bn1).Apply(conv1).NormRelu(bn2).Apply(conv2);
}
