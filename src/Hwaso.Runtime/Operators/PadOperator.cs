using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Pad with a constant; negative padding crops.</summary>
sealed unsafe record PadOperator(long[]? Pads, float Value) : Operator
{
    public static PadOperator Read(NodeAttributes attributes)
    {
        if (attributes.Text("mode", "constant") is not "constant" and var mode)
            throw attributes.Refuse($"mode {mode} is not supported; constant is");
        return new(attributes.Ints("pads"), attributes.Float("value", 0));
    }

    public override TensorType Infer(Operands inputs)
    {
        var (x, pads) = (inputs.Float(0), PadsOf(inputs));
        return inputs.Floats(x.Shape.Select((s, d) => inputs.Size(s + pads[d] + pads[d + x.Rank])).ToArray());
    }

    public override Kernel Bind(Binding binding)
    {
        var (from, to, pads) = (binding.Operands.Type(0).Shape, binding.Output.Shape, PadsOf(binding.Operands));
        var (source, target) = (Strides.Dense(from), Strides.Dense(to));
        var shape = new int[from.Length];
        long skipped = 0, offset = 0;
        for (var d = 0; d < shape.Length; d++)
        {
            var (cutBefore, cutAfter) = (Math.Max(0, -pads[d]), Math.Max(0, -pads[d + shape.Length]));
            shape[d] = (int)Math.Max(0, from[d] - cutBefore - cutAfter);
            skipped += cutBefore * source[d];
            offset += Math.Max(0, pads[d]) * target[d];
        }
        var value = Pads is null && binding.Operands.Has(2) ? binding.Operands.Constant(2, "value").Floats[0] : Value;
        var image = binding.Bytes(0) + (skipped * sizeof(float));
        var place = binding.OutBytes + (offset * sizeof(float));
        var copy = new CopyKernel(Strides.Merge(shape, source, target), sizeof(float), image, place);
        return new FillKernel(binding.Out, binding.Output.Elements, value, copy);
    }

    long[] PadsOf(Operands inputs)
    {
        var rank = inputs.Float(0).Rank;
        var pads = Pads ?? inputs.Ints(1, "padding");
        if (Pads is null && inputs.Has(2) && inputs.Float(2).Elements != 1)
            throw inputs.Refuse($"value {inputs.Type(2)}: one number was wanted");
        if (inputs.Has(3))
            pads = Spread(pads, inputs.Ints(3, "axes"), rank, inputs);
        return pads.Length == 2 * rank && pads.All(p => Math.Abs(Math.Clamp(p, -int.MaxValue, int.MaxValue)) <= 1 << 20)
            ? pads
            : throw inputs.Refuse($"padding [{string.Join(", ", pads.Take(16))}] does not fit {rank} dimensions");
    }

    static long[] Spread(long[] pads, long[] axes, int rank, Operands inputs)
    {
        if (pads.Length != 2 * axes.Length)
            throw inputs.Refuse($"{pads.Length} paddings for {axes.Length} axes");
        var all = new long[2 * rank];
        for (var k = 0; k < axes.Length; k++)
        {
            var axis = inputs.Axis(axes[k], rank);
            (all[axis], all[axis + rank]) = (pads[k], pads[k + axes.Length]);
        }
        return all;
    }
}
