using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's MaxPool and AveragePool.</summary>
sealed unsafe record PoolOperator(Window Window, bool Maximum, bool CountPadding) : Operator
{
    public static PoolOperator Read(NodeAttributes attributes, bool maximum)
    {
        var window = Window.Read(attributes) with { Ceiling = attributes.Flag("ceil_mode") };
        if (maximum && attributes.Int("storage_order", 0) != 0)
            throw attributes.Refuse("storage_order 1 is not supported");
        if (window.Kernel.Length == 0)
            throw attributes.Refuse("kernel_shape is missing");
        return new(window, maximum, !maximum && attributes.Flag("count_include_pad"));
    }

    public override TensorType Infer(Operands inputs)
    {
        var shape = Shape(inputs, out _, out _);
        return inputs.Floats(shape.Batch, shape.Cin, shape.OutHeight, shape.OutWidth);
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = Shape(binding.Operands, out var bottom, out var right);
        return Maximum
            ? binding.Kernels.MaxPool(shape, binding.In(0), binding.Out)
            : new AveragePoolKernel(shape, CountPadding, bottom, right, binding.In(0), binding.Out);
    }

    ConvShape Shape(Operands inputs, out int bottom, out int right)
    {
        var x = inputs.Float(0);
        if (x.Rank != 4)
            throw inputs.Beyond($"input {x} must have four dimensions, [N, C, H, W]");
        (var top, bottom, var height) = Window.Along(0, x.Shape[2], Window.Kernel[0], inputs);
        (var left, right, var width) = Window.Along(1, x.Shape[3], Window.Kernel[1], inputs);
        return new ConvShape(
            x.Shape[0], x.Shape[1], x.Shape[1], x.Shape[2], x.Shape[3], x.Shape[1], height, width,
            Window.Kernel[0], Window.Kernel[1], Window.Strides[0], Window.Strides[1], Window.Dilations[0], Window.Dilations[1], top, left);
    }
}
