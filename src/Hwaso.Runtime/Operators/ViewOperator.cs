using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>The operators that change a tensor's shape only, by ONNX's names.</summary>
enum ViewKind
{
    Identity,
    Reshape,
    Flatten,
    Squeeze,
    Unsqueeze,
}

/// <summary>ONNX's Reshape, Flatten, Squeeze, Unsqueeze and Identity: the same numbers with another shape.</summary>
/// <param name="Kind">The operator.</param>
/// <param name="Axes">The axes, or the one axis of Flatten; null if an input holds them.</param>
/// <param name="AllowZero">Whether a 0 in Reshape's sizes means 0; else it means the input's size.</param>
sealed unsafe record ViewOperator(ViewKind Kind, long[]? Axes, bool AllowZero) : Operator, IView
{
    public bool IsView(Operands inputs) => true;

    public override TensorType Infer(Operands inputs)
    {
        var type = inputs.Type(0);
        var shape = Kind switch
        {
            ViewKind.Reshape => Reshape(type, inputs),
            ViewKind.Flatten => Flatten(type, inputs),
            ViewKind.Squeeze => Squeeze(type, inputs),
            ViewKind.Unsqueeze => Unsqueeze(type, inputs),
            _ => type.Shape,
        };
        var result = inputs.Of(type.IsFloat, shape);
        return result.Elements == type.Elements
            ? result
            : throw inputs.Refuse($"{type} does not have as many numbers as [{string.Join(", ", shape)}]");
    }

    public override Kernel Bind(Binding binding)
    {
        var output = binding.Output;
        return CopyKernel.Dense(output.Elements, output.ElementBytes, binding.Bytes(0), binding.OutBytes);
    }

    int[] Reshape(TensorType type, Operands inputs)
    {
        var sizes = inputs.Ints(1, "sizes");
        long known = 1;
        var free = -1;
        for (var k = 0; k < sizes.Length; k++)
        {
            if (sizes[k] == 0 && !AllowZero)
                sizes[k] = k < type.Rank
                    ? type.Shape[k]
                    : throw inputs.Refuse($"size {k} is taken from the input, which has {type.Rank} dimensions");
            if (sizes[k] == -1 && free < 0)
                free = k;
            else
                known = Math.Min(known * inputs.Size(sizes[k]), int.MaxValue);
        }
        if (free >= 0)
            sizes[free] = known > 0 && type.Elements % known == 0
                ? type.Elements / known
                : throw inputs.Refuse($"{type} cannot be reshaped to [{string.Join(", ", sizes)}]");
        return Array.ConvertAll(sizes, inputs.Size);
    }

    int[] Flatten(TensorType type, Operands inputs)
    {
        var axis = Axes![0] == type.Rank ? type.Rank : inputs.Axis(Axes[0], type.Rank);
        return [type.Shape[..axis].Aggregate(1, (a, b) => a * b), type.Shape[axis..].Aggregate(1, (a, b) => a * b)];
    }

    int[] Squeeze(TensorType type, Operands inputs)
    {
        var axes = Axes ?? (inputs.Has(1) ? inputs.Ints(1, "axes") : null);
        var gone = axes is null
            ? Enumerable.Range(0, type.Rank).Where(d => type.Shape[d] == 1).ToArray()
            : Array.ConvertAll(axes, a => inputs.Axis(a, type.Rank));
        return type.Shape.Where((_, d) => !gone.Contains(d)).ToArray();
    }

    int[] Unsqueeze(TensorType type, Operands inputs)
    {
        var axes = Axes ?? inputs.Ints(1, "axes");
        if (axes.Length > 8)
            throw inputs.Refuse($"{axes.Length} new axes are more than the 8 supported");
        var rank = type.Rank + axes.Length;
        var fresh = Array.ConvertAll(axes, a => inputs.Axis(a, rank));
        if (fresh.Distinct().Count() != fresh.Length)
            throw inputs.Refuse($"axes [{string.Join(", ", axes)}] occur twice");
        var shape = new int[rank];
        for (int d = 0, from = 0; d < rank; d++)
            shape[d] = fresh.Contains(d) ? 1 : type.Shape[from++];
        return shape;
    }
}
