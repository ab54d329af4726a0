using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's DeformConv: inputs X, W, offset, B and mask; the last two may be omitted.</summary>
/// <param name="Window">How the undeformed kernel moves over the image.</param>
/// <param name="Groups">The number of groups of channels.</param>
/// <param name="OffsetGroups">The number of groups of input channels with their own offsets.</param>
sealed unsafe record DeformConvOperator(Window Window, int Groups, int OffsetGroups) : Operator
{
    const int Offset = 2, Bias = 3, Mask = 4;

    public static DeformConvOperator Read(NodeAttributes attributes)
    {
        var window = Window.Read(attributes);
        if (window.Auto != "NOTSET")
            throw attributes.Refuse($"auto_pad {window.Auto} is not supported");
        return new(window, Count(attributes, "group"), Count(attributes, "offset_group"));
    }

    public override TensorType Infer(Operands inputs)
    {
        var shape = Shape(inputs, out _);
        return inputs.Floats(shape.Batch, shape.Cout, shape.OutHeight, shape.OutWidth);
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = Shape(binding.Operands, out var weights);
        var packed = ConvWeights.Get(binding.Packed, weights, shape.Groups, byTaps: false, binding.Operands.Place);
        var sampling = new ConvSampling(binding.In(Offset), binding.In(Mask), OffsetGroups);
        return binding.Kernels.Convolution(shape, packed, binding.In(0), binding.In(Bias), sampling, binding.Out, binding.Threads);
    }

    static int Count(NodeAttributes attributes, string name) => (int)Math.Clamp(attributes.Int(name, 1), 0, int.MaxValue);

    ConvShape Shape(Operands inputs, out Constant weights)
    {
        var shape = ConvOperator.Shape(inputs, Window, Groups, Bias, out weights);
        if (OffsetGroups < 1 || shape.Cin % OffsetGroups != 0)
            throw inputs.Refuse($"offset_group {OffsetGroups} does not divide {shape.Cin} channels");
        Fits(inputs, Offset, "offset", shape, 2);
        if (inputs.Has(Mask))
            Fits(inputs, Mask, "mask", shape, 1);
        return shape;
    }

    void Fits(Operands inputs, int input, string what, in ConvShape shape, int numbers)
    {
        var channels = (long)OffsetGroups * shape.Taps * numbers;
        var given = inputs.Float(input);
        if (given.Rank != 4 || given.Shape[0] != shape.Batch || given.Shape[1] != channels || given.Shape[2] != shape.OutHeight
            || given.Shape[3] != shape.OutWidth)
            throw inputs.Refuse($"{what} {given}: [{shape.Batch}, {channels}, {shape.OutHeight}, {shape.OutWidth}] was wanted");
    }
}
