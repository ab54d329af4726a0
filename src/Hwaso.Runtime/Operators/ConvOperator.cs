using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Conv: inputs X, W, B and, if one is fused, an addend.</summary>
/// <param name="Window">How the kernel moves over the image.</param>
/// <param name="Groups">The number of groups of channels.</param>
/// <param name="Epilogue">What is fused after it.</param>
sealed unsafe record ConvOperator(Window Window, int Groups, Epilogue Epilogue) : Operator, IEpilogue
{
    public const int BiasInput = 2;

    // Vectors of AVX2; atrous pyramids have 6, 12, 18, 24, …
    const int LeastWideDilation = 8;

    public int AddendInput => 3;

    /// <summary>Whether the input has only some of the weights' input channels.</summary>
    public bool IsPart { get; init; }

    /// <summary>The first of those channels.</summary>
    public int FirstChannel { get; init; }

    /// <summary>Whether sums of integers must be exact, which Winograd's transforms are not.</summary>
    public bool IsExact { get; init; }

    public static ConvOperator Read(NodeAttributes attributes) =>
        new(Window.Read(attributes), (int)Math.Clamp(attributes.Int("group", 1), 0, int.MaxValue), default);

    public Operator With(Epilogue epilogue) => this with { Epilogue = epilogue };

    public override TensorType Infer(Operands inputs)
    {
        var shape = Shape(inputs, out _);
        if (Epilogue.Adds
            && !inputs.Float(AddendInput).Shape.AsSpan().SequenceEqual([shape.Batch, shape.Cout, shape.OutHeight, shape.OutWidth]))
            throw inputs.Refuse($"addend {inputs.Type(AddendInput)} does not have the shape of the output");
        return inputs.Floats(shape.Batch, shape.Cout, shape.OutHeight, shape.OutWidth);
    }

    /// <summary>Whether weights are packed by taps: with wide dilation many taps lie outside a small image.</summary>
    public bool IsByTaps(TensorType weights) =>
        Window.Dilations[1] >= LeastWideDilation && weights.Rank == 4 && (weights.Shape[2] > 1 || weights.Shape[3] > 1);

    /// <summary>The sizes of the convolution.</summary>
    public ConvShape Shape(Operands inputs) => Shape(inputs, out _);

    public override Kernel Bind(Binding binding)
    {
        var shape = Shape(binding.Operands, out var weights);
        var addend = Epilogue.Adds ? binding.In(AddendInput) : null;
        if (shape.Groups == shape.Cin && shape.Groups == shape.Cout && shape.Groups > 1)
            return binding.Kernels.Depthwise(shape, weights, binding.In(0), binding.In(BiasInput), addend, Epilogue.Function, binding.Out);
        var byTaps = IsByTaps(weights.Type);
        var packed = ConvWeights.Get(binding.Packed, weights, shape.Groups, byTaps, binding.Operands.Place);
        if (IsExact || !WinogradPlan.Fits(shape))
            return binding.Kernels.Convolution(shape, packed, byTaps, binding.In(0), binding.In(BiasInput), addend, Epilogue.Function,
                binding.Out, binding.Threads);
        if (byTaps)
            packed = ConvWeights.ByChannels(binding.Packed, packed, shape.Taps, binding.Operands.Place);
        var used = Transforms(shape, binding.Kernels.Lanes)
            ? WinogradWeights.Get(binding.Packed, packed, shape.StrideX, binding.Operands.Place)
            : packed;
        return binding.Kernels.Winograd(shape, used, binding.In(0), binding.In(BiasInput), addend, Epilogue.Function, binding.Out,
            binding.Threads);
    }

    /// <summary>Whether nothing but the transformed weights is needed at this size.</summary>
    public bool Transforms(in ConvShape shape, int lanes) => !IsExact && WinogradPlan.Fits(shape) && WinogradPlan.KeepsWeights(shape)
        && !WinogradPlan.HasFewTiles(shape, lanes);

    ConvShape Shape(Operands inputs, out Constant weights) =>
        Shape(inputs, Window, Groups, BiasInput, out weights, IsPart ? FirstChannel : null);

    /// <summary>The sizes of a convolution of input 0 with weights that are input 1.</summary>
    /// <param name="inputs">The inputs' types, and those that are known.</param>
    /// <param name="window">How the kernel moves over the image.</param>
    /// <param name="groups">The number of groups of channels.</param>
    /// <param name="bias">The number of the bias input, which may be omitted.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="first">If the input has only some of the weights' input channels: the first of them.</param>
    public static ConvShape Shape(Operands inputs, Window window, int groups, int bias, out Constant weights, int? first = null)
    {
        var x = inputs.Type(0) is { IsBytes: true } bytes ? bytes : inputs.Float(0);
        weights = inputs.Constant(1, "weights");
        var w = weights.Type;
        if (x.Rank != 4 || w.Rank != 4)
            throw inputs.Beyond($"input {x} and weights {w} must have four dimensions, [N, C, H, W]");
        if (groups < 1 || w.Shape[0] % groups != 0
            || (first is null ? x.Shape[1] != (long)w.Shape[1] * groups : x.Shape[1] + first > w.Shape[1])
            || w.Elements == 0 || (!w.IsFloat && !w.IsBytes))
            throw inputs.Refuse($"input {x} does not fit weights {w} in {groups} groups");
        if (window.Kernel.Length > 0 && !w.Shape.AsSpan(2).SequenceEqual(window.Kernel))
            throw inputs.Refuse($"kernel_shape [{string.Join(", ", window.Kernel)}] does not fit weights {w}");
        if (inputs.Has(bias) && !inputs.Float(bias).Shape.AsSpan().SequenceEqual([w.Shape[0]]))
            throw inputs.Refuse($"bias {inputs.Type(bias)} does not fit weights {w}");
        var (top, _, height) = window.Along(0, x.Shape[2], w.Shape[2], inputs);
        var (left, _, width) = window.Along(1, x.Shape[3], w.Shape[3], inputs);
        return new ConvShape(
            x.Shape[0], groups, x.Shape[1], x.Shape[2], x.Shape[3], w.Shape[0], height, width,
            w.Shape[2], w.Shape[3], window.Strides[0], window.Strides[1], window.Dilations[0], window.Dilations[1], top, left)
        {
            WeightChannels = w.Shape[1],
            FirstChannel = first ?? 0,
        };
    }
}
