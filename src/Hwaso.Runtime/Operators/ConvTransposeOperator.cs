using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's ConvTranspose: inputs X, W, B.</summary>
sealed unsafe record ConvTransposeOperator(Window Window, int Groups, int[] OutputPadding) : Operator
{
    public static ConvTransposeOperator Read(NodeAttributes attributes)
    {
        var window = Window.Read(attributes);
        if (window.Auto != "NOTSET")
            throw attributes.Refuse($"auto_pad {window.Auto} is not supported");
        return new(window, (int)Math.Clamp(attributes.Int("group", 1), 0, int.MaxValue),
            attributes.Ints("output_padding", [0, 0], 1 << 16));
    }

    public override TensorType Infer(Operands inputs)
    {
        var shape = Shape(inputs);
        return inputs.Floats(shape.Batch, shape.Cout, shape.OutHeight, shape.OutWidth);
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = Shape(binding.Operands);
        return ConvSpread.Fits(shape) && binding.Operands.Known(1) is { } weights
            ? binding.Kernels.Spread(shape, ConvSpread.Get(binding.Packed, weights, Groups, binding.Operands.Place), binding.In(0),
                binding.In(2), default, binding.Out, binding.Threads)
            : binding.Kernels.TransposedConvolution(shape, binding.In(0), binding.In(1), binding.In(2), default, binding.Out);
    }

    ConvShape Shape(Operands inputs)
    {
        var (x, w) = (inputs.Float(0), inputs.Float(1));
        if (x.Rank != 4 && x.Rank == w.Rank)
            throw inputs.Beyond($"input {x} must have four dimensions, [N, C, H, W]");
        if (x.Rank != 4 || w.Rank != 4 || Groups < 1 || x.Shape[1] != w.Shape[0] || x.Shape[1] % Groups != 0)
            throw inputs.Refuse($"input {x} does not fit weights {w} in {Groups} groups");
        var cout = inputs.Size((long)w.Shape[1] * Groups);
        if (inputs.Has(2) && !inputs.Float(2).Shape.AsSpan().SequenceEqual([cout]))
            throw inputs.Refuse($"bias {inputs.Type(2)} does not fit weights {w}");
        return new ConvShape(
            x.Shape[0], Groups, x.Shape[1], x.Shape[2], x.Shape[3],
            cout, Along(0, x.Shape[2], w.Shape[2], inputs), Along(1, x.Shape[3], w.Shape[3], inputs), w.Shape[2], w.Shape[3],
            Window.Strides[0], Window.Strides[1], Window.Dilations[0], Window.Dilations[1], Window.Pads[0], Window.Pads[1]);
    }

    int Along(int axis, int size, int kernel, Operands inputs) => inputs.Size(
        ((long)(size - 1) * Window.Strides[axis]) + OutputPadding[axis] + ((long)(kernel - 1) * Window.Dilations[axis])
        + 1 - Window.Pads[axis] - Window.Pads[axis + 2]);
}
