using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Numbers as integers or tiny floating-point numbers with a scale and a zero point.</summary>
static class QuantisationRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "QuantizeLinear":
                var (axis, block, saturate) = (a.Int("axis", 1), (int)a.Int("block_size", 0), a.Flag("saturate", true));
                var type = (OnnxType)a.Int("output_dtype", 0);
                a.Ignore("precision");
                return c => [Quantised(c, axis, block, type, saturate)];
            case "DequantizeLinear":
                var (along, size, to) = (a.Int("axis", 1), (int)a.Int("block_size", 0), (OnnxType)a.Int("output_dtype", 0));
                return c => [Restored(c, along, size, to)];
            case "DynamicQuantizeLinear":
                return Dynamic;
            case "QLinearMatMul":
                return c => [Settled(c,
                    ProductRules.MatMul(c, Shifted(c, 0, Math.Max(0, c[0].Rank - 2)), Shifted(c, 3, Math.Max(0, c[3].Rank - 1))),
                    isConvolution: false)];
            case "QLinearConv":
                var convolution = IntegerConvolution.Read(a);
                return c => [Settled(c, convolution.Sums(c, weights: 3, zero: 2, weightsZero: 5), isConvolution: true)];
            default:
                return null;
        }
    }

    /// <summary>For each element the number of its scale: one for all, one along an axis, or one for each block of an axis.</summary>
    static int[] Parts(Call c, Value x, Value scale, long wanted, int block)
    {
        var parts = new int[x.Count];
        if (scale.Count == 1 && block == 0)
            return parts;
        var axis = c.Axis(wanted, x.Rank);
        var (length, inner) = (x.Shape[axis], Value.Product(x.Shape.AsSpan(axis + 1)));
        if (block > 0 ? scale.Rank != x.Rank || scale.Shape[axis] != (length + block - 1) / block : scale.Count != length)
            throw c.Refuse($"scale {scale} does not fit {x} along axis {axis}");
        for (var k = 0; k < parts.Length; k++)
        {
            var at = k / inner % length;
            parts[k] = block > 0 ? (((k / inner / length * scale.Shape[axis]) + (at / block)) * inner) + (k % inner) : at;
        }
        return parts;
    }

    static Value Quantised(Call c, long axis, int block, OnnxType type, bool saturate)
    {
        var (x, scale, zero) = (c[0], c[1], c.Optional(2));
        type = zero?.Type ?? (type == 0 ? OnnxType.UInt8 : type);
        var (parts, numbers) = (Parts(c, x, scale, axis, block), x.ToDoubles());
        for (var k = 0; k < numbers.Length; k++)
            // In single precision, as ONNX Runtime divides: rounding decides between neighbours.
            numbers[k] = (float)numbers[k] / (float)scale[parts[k]];
        if (Numbers.IsReal(type))
            return CastRules.Cast(new Value(OnnxType.Float32, x.Shape, numbers), type, saturate);
        var (least, most) = Numbers.Range(type);
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = Math.Clamp(Math.Round(numbers[k], MidpointRounding.ToEven) + (zero is null ? 0 : zero[parts[k]]), least, most);
        return new Value(type, x.Shape, numbers);
    }

    static Value Restored(Call c, long axis, int block, OnnxType to)
    {
        var (x, scale, zero) = (c[0], c[1], c.Optional(2));
        var (parts, numbers) = (Parts(c, x, scale, axis, block), x.ToDoubles());
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = (numbers[k] - (zero is null ? 0 : zero[parts[k]])) * scale[parts[k]];
        return new Value(to == 0 ? scale.Type : to, x.Shape, numbers);
    }

    static Value[] Dynamic(Call c)
    {
        // ONNX's formula in single precision. Where it gives a scale of 0, because all numbers are 0, 1 as in ONNX Runtime.
        var x = c[0].ToDoubles();
        var (least, most) = ((float)Math.Min(0, x.DefaultIfEmpty().Min()), (float)Math.Max(0, x.DefaultIfEmpty().Max()));
        var scale = most == least ? 1 : (most - least) / 255f;
        var zero = Math.Clamp(MathF.Round(-least / scale, MidpointRounding.ToEven), 0, 255);
        var numbers = Array.ConvertAll(x, v => Math.Clamp(MathF.Round((float)v / scale, MidpointRounding.ToEven) + zero, 0, 255.0));
        return [new Value(OnnxType.UInt8, c[0].Shape, numbers), new Value(OnnxType.Float32, [], [scale]),
            new Value(OnnxType.UInt8, [], [zero])];
    }

    // An input, its scale and its zero point lie side by side.
    static Value Shifted(Call c, int input, int axis) => ProductRules.Shifted(c, c[input], c[input + 2], axis);

    /// <summary>Sums of products of integers, as integers of the output's scale.</summary>
    static Value Settled(Call c, Value sums, bool isConvolution)
    {
        var (left, right, output, zero) = (c[1], c[4], c[6], c[7]);
        var bias = isConvolution ? c.Optional(8) : null;
        var numbers = sums.ToDoubles();
        var channelAxis = isConvolution ? 1 : sums.Rank - 1;
        var inner = sums.Rank == 0 ? 1 : Value.Product(sums.Shape.AsSpan(channelAxis + 1));
        var channels = sums.Rank == 0 ? 1 : sums.Shape[channelAxis];
        var (least, most) = Numbers.Range(zero.Type);
        for (var k = 0; k < numbers.Length; k++)
        {
            var channel = k / inner % Math.Max(channels, 1);
            var row = !isConvolution && left.Count > 1 ? k / Math.Max(channels, 1) % left.Count : 0;
            var sum = numbers[k] + (bias is null ? 0 : bias[channel]);
            var scaled = sum * left[row] * right[right.Count == 1 ? 0 : channel] / output[0];
            numbers[k] = Math.Clamp(Math.Round(scaled, MidpointRounding.ToEven) + zero[0], least, most);
        }
        return new Value(zero.Type, sums.Shape, numbers);
    }
}
