using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>Operators that give a tensor another shape, by ONNX's names.</summary>
enum ViewKind
{
    Identity,
    Reshape,
    Flatten,
    Squeeze,
    Unsqueeze,
}

/// <summary>The same numbers under another shape: ONNX's Reshape, Flatten, Squeeze, Unsqueeze, Identity.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Axes">Axes, or the one axis of Flatten; null where an input says.</param>
/// <param name="AllowZero">Whether a 0 in Reshape's sizes means 0, not the input's size.</param>
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
        return result.Elements == type.Elements ? result : throw inputs.Refuse($"{type} has not as many numbers as [{string.Join(", ", shape)}]");
    }

    public override Kernel Bind(Binding binding)
    {
        var bytes = binding.Output.ElementBytes;
        return new CopyKernel(new Strides([binding.Output.Elements], [[1], [1]]), bytes, binding.Bytes(0), binding.OutBytes);
    }

    int[] Reshape(TensorType type, Operands inputs)
    {
        var sizes = inputs.Ints(1, "sizes");
        long known = 1;
        var free = -1;
        for (var k = 0; k < sizes.Length; k++)
        {
            if (sizes[k] == 0 && !AllowZero)
                sizes[k] = k < type.Rank ? type.Shape[k] : throw inputs.Refuse($"size {k} is to be the input's, which has {type.Rank} dimensions");
            if (sizes[k] == -1 && free < 0)
                free = k;
            else
                known = Math.Min(known * inputs.Size(sizes[k]), int.MaxValue);
        }
        if (free >= 0)
            sizes[free] = known > 0 && type.Elements % known == 0 ? type.Elements / known : throw inputs.Refuse($"{type} cannot be [{string.Join(", ", sizes)}]");
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
        var gone = axes is null ? Enumerable.Range(0, type.Rank).Where(d => type.Shape[d] == 1).ToArray() : Array.ConvertAll(axes, a => inputs.Axis(a, type.Rank));
        return type.Shape.Where((_, d) => !gone.Contains(d)).ToArray();
    }

    int[] Unsqueeze(TensorType type, Operands inputs)
    {
        var axes = Axes ?? inputs.Ints(1, "axes");
        if (axes.Length > 8)
            throw inputs.Refuse($"{axes.Length} new axes");
        var rank = type.Rank + axes.Length;
        var fresh = Array.ConvertAll(axes, a => inputs.Axis(a, rank));
        if (fresh.Distinct().Count() != fresh.Length)
            throw inputs.Refuse($"axes [{string.Join(", ", axes)}]");
        var shape = new int[rank];
        for (int d = 0, from = 0; d < rank; d++)
            shape[d] = fresh.Contains(d) ? 1 : type.Shape[from++];
        return shape;
    }
}
