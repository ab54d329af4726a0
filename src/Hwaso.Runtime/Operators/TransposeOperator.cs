using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Transpose; the default order is the reverse one.</summary>
sealed unsafe record TransposeOperator(long[]? Order) : Operator
{
    public override TensorType Infer(Operands inputs)
    {
        var type = inputs.Type(0);
        return inputs.Of(type.IsFloat, OrderOf(inputs).Select(d => type.Shape[d]).ToArray());
    }

    public override Kernel Bind(Binding binding)
    {
        var steps = Strides.Dense(binding.Operands.Type(0).Shape);
        var order = OrderOf(binding.Operands);
        var strides = Strides.Merge(binding.Output.Shape, order.Select(d => steps[d]).ToArray(), Strides.Dense(binding.Output.Shape));
        var along = binding.Output.ElementBytes == sizeof(float) ? TransposeKernel.Along(strides) : -1;
        return along >= 0
            ? new TransposeKernel(strides, along, binding.In(0), binding.Out)
            : new CopyKernel(strides, binding.Output.ElementBytes, binding.Bytes(0), binding.OutBytes);
    }

    int[] OrderOf(Operands inputs)
    {
        var rank = inputs.Type(0).Rank;
        var order = Order is null ? Enumerable.Range(0, rank).Reverse().ToArray() : Array.ConvertAll(Order, d => inputs.Axis(d, rank));
        return order.Length == rank && order.Distinct().Count() == rank
            ? order
            : throw inputs.Refuse($"perm [{string.Join(", ", order)}] does not fit {rank} dimensions");
    }
}
