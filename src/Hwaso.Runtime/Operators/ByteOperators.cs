using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's QuantizeLinear to 8 bits, with one scale for all numbers.</summary>
sealed unsafe record QuantizeOperator(ByteCode Code) : Operator
{
    public override TensorType Infer(Operands inputs) => TensorType.OfBytes(inputs.Float(0).Shape, inputs.Place);

    public override Kernel Bind(Binding binding) =>
        new QuantizeKernel(Code, binding.In(0), binding.OutBytes, binding.Output.Elements);
}

/// <summary>ONNX's DequantizeLinear from 8 bits; one code, or one for each place along an axis.</summary>
sealed unsafe record DequantizeOperator(ByteCode[] Codes, int Axis) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var type = inputs.Type(0);
        if (!type.IsBytes)
            throw inputs.Beyond($"input 0 is {type}; only codes of 8 bits are supported");
        if (Codes.Length > 1 && type.Shape[inputs.Axis(Axis, type.Rank)] != Codes.Length)
            throw inputs.Refuse($"{Codes.Length} scales do not fit {type} along axis {Axis}");
        return inputs.Floats(type.Shape);
    }

    public override Kernel Bind(Binding binding)
    {
        var inner = 1;
        if (Codes.Length > 1)
            foreach (var size in binding.Output.Shape.AsSpan(binding.Operands.Axis(Axis, binding.Output.Rank) + 1))
                inner *= size;
        return new DequantizeKernel(Codes, inner, binding.Bytes(0), binding.Out, binding.Output.Elements);
    }
}

/// <summary>
/// A convolution of bytes: inputs are image and weights (128 higher), bias and, if one is fused, an addend in single precision.
/// </summary>
/// <param name="Window">How the kernel moves over the image.</param>
/// <param name="Groups">The number of groups of channels.</param>
/// <param name="Input">The code of the image.</param>
/// <param name="Scales">The scale of each output channel's weights; their zero point is 0.</param>
/// <param name="Epilogue">What is fused after it.</param>
/// <param name="Output">The code of the result; null if it is in single precision.</param>
sealed unsafe record IntegerConvOperator(
    Window Window, int Groups, ByteCode Input, float[] Scales, Epilogue Epilogue, ByteCode? Output) : Operator, IEpilogue
{
    public int AddendInput => 3;

    public Operator With(Epilogue epilogue) => this with { Epilogue = epilogue };

    public override TensorType Infer(Operands inputs)
    {
        var shape = Shape(inputs);
        if (Scales.Length != shape.Cout)
            throw inputs.Refuse($"{Scales.Length} scales do not fit weights {inputs.Type(1)}");
        int[] sizes = [shape.Batch, shape.Cout, shape.OutHeight, shape.OutWidth];
        return Output is null ? inputs.Floats(sizes) : TensorType.OfBytes(sizes, inputs.Place);
    }

    /// <summary>The sizes of the convolution.</summary>
    public ConvShape Shape(Operands inputs) => ConvOperator.Shape(inputs, Window, Groups, ConvOperator.BiasInput, out _);

    public override Kernel Bind(Binding binding)
    {
        var shape = Shape(binding.Operands);
        var (lanes, operands) = (binding.Kernels.Lanes, binding.Operands);
        var scales = Array.ConvertAll(Scales, s => Input.Scale * s);
        var end = Epilogue.Adds ? null
            : ByteEnd.Of(scales, Epilogue.Function, Output, operands.Has(ConvOperator.BiasInput), operands.Known(ConvOperator.BiasInput));
        var weights = operands.Constant(1, "weights");
        if (end is not null && IntegerWinograd.Fits(lanes, shape)
            && IntegerWinogradWeights.Sums(binding.Packed, weights, Groups, operands.Place) is var sums
            && IntegerWinogradWeights.AreExact(sums))
            return IntegerWinograd.Make(lanes, shape, binding.Packed, weights, sums, Input.Zero, end, binding.Bytes(0), binding.OutBytes,
                binding.Threads, operands.Place);
        if (end is not null && IntegerStrideKernel.Fits(lanes, shape))
            return new IntegerStrideKernel(shape, IntegerWeights.OfStride(binding.Packed, weights, Groups, operands.Place), Input.Zero, end,
                binding.Bytes(0), binding.OutBytes, binding.Threads);
        var packed = IntegerWeights.Get(binding.Packed, weights, Groups, IntegerConv.Group(lanes), operands.Place);
        var work = new IntegerConvWork(packed, Input, scales, Epilogue.Function, Output, end);
        return IntegerConv.Make(lanes, shape, work, binding.Bytes(0), binding.In(ConvOperator.BiasInput),
            Epilogue.Adds ? binding.In(AddendInput) : null, binding.OutBytes, binding.Threads);
    }
}

/// <summary>The sum of two tensors of bytes of one shape.</summary>
/// <param name="Left">The code of input 0.</param>
/// <param name="Right">The code of input 1.</param>
/// <param name="Function">The function that is applied to the sum.</param>
/// <param name="Output">The code of the result; null if it is in single precision.</param>
sealed unsafe record ByteSumOperator(ByteCode Left, ByteCode Right, Unary Function, ByteCode? Output) : Operator, IEpilogue
{
    public Epilogue Epilogue => new(true, Function);

    public int AddendInput => 1;

    public Operator With(Epilogue epilogue) => this with { Function = epilogue.Function };

    public override TensorType Infer(Operands inputs) =>
        Output is null ? inputs.Floats(inputs.Type(0).Shape) : TensorType.OfBytes(inputs.Type(0).Shape, inputs.Place);

    public override Kernel Bind(Binding binding) => new ByteSumKernel(
        Left, Right, Output, Function, binding.Bytes(0), binding.Bytes(1), binding.OutBytes, binding.Output.Elements);
}
