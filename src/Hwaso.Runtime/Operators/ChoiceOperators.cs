using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's comparisons, logic and Mod of integers, with broadcasting; comparisons take floating-point numbers, too.</summary>
sealed unsafe record ChoiceOperator(ChoiceKind Kind) : Operator
{
    bool Compares => Kind <= ChoiceKind.GreaterOrEqual;

    public override TensorType Infer(Operands inputs)
    {
        var (a, b) = (inputs.Type(0), inputs.Type(1));
        if (a.IsFloat != b.IsFloat || a.IsBytes || b.IsBytes || (a.IsFloat && !Compares))
            throw inputs.Beyond($"inputs {a} and {b} are not supported");
        if (Kind is ChoiceKind.Mod or ChoiceKind.Remainder && (inputs.Known(1) is not { } divisors || divisors.Ints.Contains(0)))
            throw inputs.Beyond("the divisors are not known, or one is 0");
        return inputs.Of(false, Broadcasting.Shape(a.Shape, b.Shape, inputs));
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Output.Shape;
        var (a, b) = (binding.Operands.Type(0), binding.Operands.Type(1));
        var strides = Strides.Merge(
            shape, Strides.Broadcast(a.Shape, shape), Strides.Broadcast(b.Shape, shape), Strides.Dense(shape));
        return new ChoiceKernel(Kind, a.IsFloat, strides, binding.Bytes(0), binding.Bytes(1), (long*)binding.OutBytes);
    }
}

/// <summary>ONNX's Not: 1 where an integer is 0, else 0.</summary>
sealed unsafe record NotOperator : Operator
{
    public override TensorType Infer(Operands inputs) => inputs.Type(0) is { IsFloat: false, IsBytes: false } type
        ? inputs.Of(false, type.Shape)
        : throw inputs.Beyond($"input {inputs.Type(0)} does not hold truths");

    public override Kernel Bind(Binding binding) =>
        new TruthKernel(binding.Output.Elements, false, binding.Bytes(0), (long*)binding.OutBytes, isNot: true);
}

/// <summary>ONNX's Where: inputs truths, X and Y, with broadcasting.</summary>
sealed unsafe record WhereOperator : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var (truths, a, b) = (inputs.Type(0), inputs.Type(1), inputs.Type(2));
        if (truths.IsFloat || truths.IsBytes || a.IsFloat != b.IsFloat || a.IsBytes || b.IsBytes)
            throw inputs.Beyond($"inputs {truths}, {a} and {b} are not supported");
        return inputs.Of(a.IsFloat, Broadcasting.Shape(Broadcasting.Shape(truths.Shape, a.Shape, inputs), b.Shape, inputs));
    }

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Output.Shape;
        int[] Steps(int input) => Strides.Broadcast(binding.Operands.Type(input).Shape, shape);
        return new WhereKernel(Strides.Merge(shape, Steps(0), Steps(1), Steps(2), Strides.Dense(shape)), (long*)binding.Bytes(0),
            binding.Bytes(1), binding.Bytes(2), binding.OutBytes, binding.Output.ElementBytes);
    }
}

/// <summary>ONNX's Sin and Cos.</summary>
sealed unsafe record SineOperator(bool IsCosine) : Operator
{
    public override TensorType Infer(Operands inputs) => inputs.Float(0);

    public override Kernel Bind(Binding binding) =>
        new SineKernel(IsCosine, binding.In(0), binding.Out, binding.Output.Elements);
}

/// <summary>ONNX's CumSum; input 1 holds the axis.</summary>
sealed unsafe record CumSumOperator(bool Exclusive, bool Reverse) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var type = inputs.Type(0);
        if (type.IsBytes)
            throw inputs.Beyond($"input {type} is not supported");
        _ = Axis(inputs);
        return inputs.Of(type.IsFloat, type.Shape);
    }

    public override Kernel Bind(Binding binding)
    {
        var (shape, axis) = (binding.Output.Shape, Axis(binding.Operands));
        return new RunningSumKernel(shape[..axis].Aggregate(1, (a, b) => a * b), shape[axis],
            shape[(axis + 1)..].Aggregate(1, (a, b) => a * b), Exclusive, Reverse, binding.Output.IsFloat, binding.Bytes(0),
            binding.OutBytes);
    }

    static int Axis(Operands inputs) => inputs.Ints(1, "axis") is [var axis] && !inputs.Type(1).IsFloat
        ? inputs.Axis(axis, inputs.Type(0).Rank)
        : throw inputs.Refuse($"axis {inputs.Type(1)}: one integer was wanted");
}

/// <summary>ONNX's ScatterND without reduction: inputs data, indices, which must be known, and updates.</summary>
sealed unsafe record ScatterOperator : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var (data, indices, updates) = (inputs.Type(0), inputs.Type(1), inputs.Type(2));
        if (data.IsFloat != updates.IsFloat || data.IsBytes || updates.IsBytes || inputs.Known(1) is not { Type.IsFloat: false })
            throw inputs.Beyond($"{data}, indices {indices} and updates {updates} are not supported");
        var depth = indices.Rank > 0 ? indices.Shape[^1] : 0;
        if (depth < 1 || depth > data.Rank
            || !updates.Shape.AsSpan().SequenceEqual([.. indices.Shape[..^1], .. data.Shape[depth..]]))
            throw inputs.Beyond($"indices {indices} and updates {updates} do not fit {data}");
        _ = Offsets(inputs, data.Shape, depth);
        return inputs.Of(data.IsFloat, data.Shape);
    }

    public override Kernel Bind(Binding binding)
    {
        var (type, depth) = (binding.Output, binding.Operands.Type(1).Shape[^1]);
        var slice = type.Shape[depth..].Aggregate(1, (a, b) => a * b) * type.ElementBytes;
        var offsets = Array.ConvertAll(Offsets(binding.Operands, type.Shape, depth), o => o * type.ElementBytes);
        return new ScatterKernel(offsets, slice, type.Bytes, binding.Bytes(0), binding.Bytes(2), binding.OutBytes);
    }

    static long[] Offsets(Operands inputs, int[] shape, int depth)
    {
        var (numbers, steps) = (inputs.Ints(1, "indices"), Strides.Dense(shape));
        var offsets = new long[numbers.Length / depth];
        for (var k = 0; k < numbers.Length; k++)
        {
            var (d, index) = (k % depth, numbers[k]);
            if (index < -shape[d] || index >= shape[d])
                throw inputs.Refuse($"index {index} is outside the axis of {shape[d]}");
            offsets[k / depth] += (index < 0 ? index + shape[d] : index) * steps[d];
        }
        return offsets;
    }
}
