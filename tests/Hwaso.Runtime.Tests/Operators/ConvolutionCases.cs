namespace Hwaso.Runtime.Tests.Operators;

/// <summary>Cases of convolutions: any kernel, stride, dilation, padding and grouping.</summary>
static class ConvolutionCases
{
    public static IReadOnlyDictionary<string, Action<CaseBuilder>> All { get; } = new Dictionary<string, Action<CaseBuilder>>
    {
        ["Conv of 1x1"] = c => Conv(c, [1, 1], c.Any(1, 1, 2), 1, 1),
        ["Conv of 3x3"] = c => Conv(c, [3, 3], 1, 1, 1),
        ["Conv of 3x3 with strides"] = c => Conv(c, [3, 3], c.Any(2, 2, 3), 1, 1),
        ["Conv of 3x3 with dilation"] = c => Conv(c, [3, 3], 1, c.From(2, 4), 1),
        ["Conv in groups"] = c => Conv(c, [c.From(1, 4), c.From(1, 4)], c.From(1, 2), c.From(1, 2), c.From(2, 5)),
        ["Conv of single channels"] = c => Conv(c, c.Any<long[]>([3, 3], [5, 5], [7, 7], [1, 3], [2, 2]), c.From(1, 2), c.From(1, 2), 0),
        ["Conv of any kernel"] = c => Conv(c, [c.From(1, 7), c.From(1, 7)], c.From(1, 3), c.From(1, 3), 1),
        ["ConvTranspose"] = Transposed,
        ["DeformConv"] = Deformed,
    };

    // 0 groups mean a depthwise convolution.
    static void Conv(CaseBuilder c, long[] kernel, int stride, int dilation, int groups)
    {
        var single = groups == 0;
        if (single)
            groups = c.From(2, 19);
        var (cin, cout) = single ? (groups, groups * c.Any(1, 1, 1, 2)) : (groups * c.From(1, 17), groups * c.From(1, 13));
        long[] strides = [stride, c.Once(3) ? c.From(1, 3) : stride], dilations = [dilation, c.Once(3) ? c.From(1, 3) : dilation];
        var automatic = c.Any("NOTSET", "NOTSET", "NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER");
        var same = automatic.StartsWith("SAME", StringComparison.Ordinal);
        if (same)
            // ONNX Runtime does not support SAME with dilation.
            dilations = [1, 1];
        long[] reach = [((kernel[0] - 1) * dilations[0]) + 1, ((kernel[1] - 1) * dilations[1]) + 1];
        long[] pads = automatic != "NOTSET" ? [0, 0, 0, 0] : c.Once(3)
            ? [reach[0] / 2, reach[1] / 2, reach[0] / 2, reach[1] / 2]
            : [c.From(0, (int)reach[0]), c.From(0, (int)reach[1]), c.From(0, (int)reach[0]), c.From(0, (int)reach[1])];
        long Size(int axis) => same ? c.Size() : Math.Max(1, reach[axis] - pads[axis] - pads[axis + 2]) + (c.Once(5) ? 0 : c.Size(20));
        c.Input([c.Any(1, 1, 2, 3), cin, Size(0), Size(1)]).Weight([cout, cin / groups, .. kernel]);
        if (c.Once(2))
            c.Weight([cout]);
        if (automatic != "NOTSET")
            c.With("auto_pad", automatic);
        else if (pads.Any(p => p != 0) || c.Once(2))
            c.With("pads", pads);
        if (c.Once(2))
            c.With("kernel_shape", kernel);
        if (strides.Any(s => s != 1) || c.Once(2))
            c.With("strides", strides);
        if (dilations.Any(d => d != 1) || c.Once(2))
            c.With("dilations", dilations);
        c.WithOr("group", groups, 1);
    }

    static void Transposed(CaseBuilder c)
    {
        var groups = c.Any(1, 1, 1, 2, 3);
        var (cin, cout) = (groups * c.From(1, 9), groups * c.From(1, 7));
        long[] kernel = [c.From(1, 5), c.From(1, 5)], strides = [c.From(1, 3), c.From(1, 3)];
        long[] dilations = c.Once(3) ? [c.From(1, 3), c.From(1, 3)] : [1, 1];
        long Most(int axis) => (kernel[axis] - 1) * dilations[axis] / 2;
        long[] pads = [c.From(0, (int)Most(0)), c.From(0, (int)Most(1)), c.From(0, (int)Most(0)), c.From(0, (int)Most(1))];
        long[] more = [c.From(0, (int)strides[0] - 1), c.From(0, (int)strides[1] - 1)];
        c.Input([c.From(1, 2), cin, c.Size(12), c.Size(12)]).Either([cin, cout / groups, .. kernel]);
        if (c.Once(2))
            c.Weight([cout]);
        c.With("strides", strides).With("pads", pads).With("dilations", dilations).With("output_padding", more).WithOr("group", groups, 1);
        if (c.Once(2))
            c.With("kernel_shape", kernel);
    }

    static void Deformed(CaseBuilder c)
    {
        c.Opset = c.Any(19, 22);
        var (groups, offsets) = (c.Any(1, 1, 2), c.Any(1, 1, 2));
        var (cin, cout) = (groups * offsets * c.From(1, 6), groups * c.From(1, 8));
        long[] kernel = [c.From(1, 4), c.From(1, 4)], strides = [c.From(1, 2), c.From(1, 2)], dilations = [c.From(1, 2), c.From(1, 2)];
        long[] pads = [c.From(0, 2), c.From(0, 2), c.From(0, 2), c.From(0, 2)];
        long Size(int axis) => ((kernel[axis] - 1) * dilations[axis]) + 1 + c.Size(12);
        long[] size = [Size(0), Size(1)];
        long Out(int axis) => ((size[axis] + pads[axis] + pads[axis + 2] - ((kernel[axis] - 1) * dilations[axis]) - 1) / strides[axis]) + 1;
        long batch = c.From(1, 2), taps = kernel[0] * kernel[1];
        c.Input([batch, cin, .. size]).Weight([cout, cin / groups, .. kernel]).Input([batch, offsets * taps * 2, Out(0), Out(1)], -3, 3);
        var masked = c.Once(2);
        if (c.Once(2))
            c.Weight([cout]);
        else if (masked)
            c.None();
        if (masked)
            c.Input([batch, offsets * taps, Out(0), Out(1)], 0, 2);
        c.With("kernel_shape", kernel).With("strides", strides).With("dilations", dilations).With("pads", pads).WithOr("group", groups, 1)
            .WithOr("offset_group", offsets, 1);
    }
}
