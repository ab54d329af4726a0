using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Gather.</summary>
sealed unsafe record GatherOperator(long Axis) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var (data, indices) = (inputs.Type(0), inputs.Type(1));
        if (indices.IsFloat)
            throw inputs.Refuse($"indices {indices} are not integers");
        var axis = inputs.Axis(Axis, data.Rank);
        if (inputs.Known(1) is { } known)
            foreach (var index in known.Ints)
                if (index < -data.Shape[axis] || index >= data.Shape[axis])
                    throw inputs.Refuse($"index {index} is outside the axis of {data.Shape[axis]}");
        return data.Shape[axis] > 0
            ? inputs.Of(data.IsFloat, [.. data.Shape[..axis], .. indices.Shape, .. data.Shape[(axis + 1)..]])
            : throw inputs.Refuse("the axis has no elements");
    }

    public override Kernel Bind(Binding binding)
    {
        var data = binding.Operands.Type(0);
        var axis = binding.Operands.Axis(Axis, data.Rank);
        var outer = data.Shape[..axis].Aggregate(1, (a, b) => a * b);
        var inner = data.Shape[(axis + 1)..].Aggregate(1, (a, b) => a * b);
        return new GatherKernel(outer, data.Shape[axis], checked(inner * data.ElementBytes), (long*)binding.Bytes(1),
            binding.Operands.Type(1).Elements, binding.Bytes(0), binding.OutBytes);
    }
}
