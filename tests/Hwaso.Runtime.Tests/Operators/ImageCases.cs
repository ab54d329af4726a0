namespace Hwaso.Runtime.Tests.Operators;

/// <summary>Cases of other operators on images: pooling, resizing, sampling, blocks of pixels.</summary>
static class ImageCases
{
    public static IReadOnlyDictionary<string, Action<CaseBuilder>> All { get; } = new Dictionary<string, Action<CaseBuilder>>
    {
        ["MaxPool"] = c => Pool(c, maximum: true),
        ["AveragePool"] = c => Pool(c, maximum: false),
        ["GlobalAveragePool"] = c => c.Input(Image(c)),
        ["GlobalMaxPool"] = c => c.Input(Image(c)),
        ["Resize linear"] = c => Resize(c, "linear"),
        ["Resize nearest"] = c => Resize(c, "nearest"),
        ["Upsample"] = Upsample,
        ["GridSample"] = GridSample,
        ["DepthToSpace"] = c => Blocks(c, toSpace: true),
        ["SpaceToDepth"] = c => Blocks(c, toSpace: false),
        ["InstanceNormalization"] = c =>
        {
            var shape = Image(c);
            c.Input(shape).Weight([shape[1]]).Weight([shape[1]]).With("epsilon", c.Any(1e-5, 1e-3));
        },
        ["BatchNormalization"] = c =>
        {
            var shape = c.Once(2) ? Image(c) : [c.From(1, 3), c.From(1, 9), .. c.Shape(0, 3, 6)];
            long[] channels = [shape[1]];
            c.Input(shape).Weight(channels).Weight(channels).Weight(channels).Weight(channels, 0.1, 3);
            if (c.Once(2))
                c.With("epsilon", c.Any(1e-5, 1e-3));
        },
    };

    static long[] Image(CaseBuilder c) => [c.Any(1, 1, 2), c.From(1, 7), c.Size(), c.Size()];

    static void Pool(CaseBuilder c, bool maximum)
    {
        long[] kernel = [c.From(1, 4), c.From(1, 4)], strides = [c.From(1, 3), c.From(1, 3)];
        long[] dilations = maximum && c.Once(4) ? [c.From(1, 3), c.From(1, 3)] : [1, 1];
        long Reach(int axis) => ((kernel[axis] - 1) * dilations[axis]) + 1;
        var automatic = c.Any("NOTSET", "NOTSET", "NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER");
        if (automatic != "NOTSET")
            // ONNX Runtime refuses strides larger than the window, and ignores dilation in automatic padding.
            (strides, dilations) = ([Math.Min(strides[0], kernel[0]), Math.Min(strides[1], kernel[1])], [1, 1]);
        long[] pads = automatic == "NOTSET"
            ? [c.From(0, (int)kernel[0] - 1), c.From(0, (int)kernel[1] - 1), c.From(0, (int)kernel[0] - 1), c.From(0, (int)kernel[1] - 1)]
            : [0, 0, 0, 0];
        c.Input([c.Any(1, 1, 2), c.From(1, 5), Reach(0) - 1 + c.Size(16), Reach(1) - 1 + c.Size(16)]).With("kernel_shape", kernel)
            .With("strides", strides);
        if (automatic == "NOTSET")
            c.With("pads", pads).WithOr("ceil_mode", c.Any(0, 1), 0);
        else
            c.With("auto_pad", automatic);
        if (dilations.Any(d => d != 1))
            c.With("dilations", dilations);
        if (!maximum)
            c.WithOr("count_include_pad", c.Any(0, 1), 0);
    }

    static void Resize(CaseBuilder c, string mode)
    {
        c.Opset = c.Any(11, 13, 17, 18, 19);
        var shape = Image(c);
        c.Input(shape);
        long[] sizes = [c.Size(40), c.Size(40)];
        while (mode == "nearest" && (IsDecidedByRounding(shape[2], sizes[0]) || IsDecidedByRounding(shape[3], sizes[1])))
            sizes = [c.Size(40), c.Size(40)];
        if (c.Once(2))
        {
            // No region of interest; before operator set 13 it must be given as an empty tensor.
            if (c.Opset < 13)
                c.Known([0]).Known([0]);
            else
                c.None().None();
            c.Ints([shape[0], shape[1], .. sizes]);
        }
        else
        {
            if (c.Opset < 13)
                c.Known([0]);
            else
                c.None();
            float Scale(long size) => Math.Max(c.Any(1, 2, 3, 4, 0.5f, 1.5f, 0.75f, 2.25f), 1f / size);
            c.Known([4], 1, 1, Scale(shape[2]), Scale(shape[3]));
        }
        if (mode != "nearest" || c.Once(2))
            c.With("mode", mode);
        if (c.Once(4) is false)
            c.With("coordinate_transformation_mode", c.Any("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"));
        if (mode == "nearest" && !c.Once(4))
            c.With("nearest_mode", c.Any("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"));
    }

    // A position exactly on or between two pixels: if single precision cannot represent the scale, ONNX Runtime may take the wrong side.
    static bool IsDecidedByRounding(long from, long to)
    {
        if ((float)to / from == (double)to / from)
            return false;
        bool Is(double place) => Math.Abs((2 * place) - Math.Round(2 * place)) < 1e-4;
        return Enumerable.Range(0, (int)to).Any(x => Is(((x + 0.5) * from / to) - 0.5) || (x > 0 && Is((double)x * from / to)));
    }

    static void Upsample(CaseBuilder c)
    {
        c.Opset = 9;
        c.Input(Image(c)).Known([4], 1, 1, c.Any(1, 2, 3, 4, 1.5f), c.Any(1, 2, 3, 4, 2.5f)).With("mode", c.Any("nearest", "linear"));
    }

    static void GridSample(CaseBuilder c)
    {
        c.Opset = c.Any(16, 20);
        var shape = Image(c);
        var reach = c.Once(4) ? 5.0 : 1.2;
        c.Input(shape).Either([shape[0], c.Size(14), c.Size(14), 2], -reach, reach);
        if (!c.Once(3))
            c.With("mode", c.Any(c.Opset < 20 ? "bilinear" : "linear", "nearest"));
        if (!c.Once(3))
            c.With("padding_mode", c.Any("zeros", "border"));
        c.WithOr("align_corners", c.Any(0, 1), 0);
    }

    static void Blocks(CaseBuilder c, bool toSpace)
    {
        var block = c.From(1, 4);
        c.Input(toSpace
            ? [c.From(1, 2), block * block * c.From(1, 4), c.Size(9), c.Size(9)]
            : [c.From(1, 2), c.From(1, 4), block * c.Size(7), block * c.Size(7)]);
        c.With("blocksize", block);
        if (toSpace && !c.Once(3))
            c.With("mode", c.Any("DCR", "CRD"));
    }
}
