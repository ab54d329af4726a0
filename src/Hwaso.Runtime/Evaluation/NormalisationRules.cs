using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Normalisations over channels, groups or the last axes, and dropout without training.</summary>
static class NormalisationRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "BatchNormalization":
                a.Ignore("spatial");
                var (small, momentum, training) = (a.Float("epsilon", 1e-5f), a.Float("momentum", 0.9f), a.Flag("training_mode"));
                return c => Batch(c, small, momentum, training);
            case "InstanceNormalization":
                var epsilon = a.Float("epsilon", 1e-5f);
                return c => [Grouped(c, c[0].Shape[1], epsilon, perGroup: false)];
            case "GroupNormalization":
                a.Ignore("stash_type");
                var (groups, tiny) = ((int)a.Int("num_groups", 1), a.Float("epsilon", 1e-5f));
                // Before operator set 21, scale and shift have one number for each group.
                var perGroup = a.Opset < 21;
                return c => [Grouped(c, groups, tiny, perGroup)];
            case "LayerNormalization":
                a.Ignore("stash_type");
                var (axis, least) = (a.Int("axis", -1), a.Float("epsilon", 1e-5f));
                return c => Layer(c, axis, least);
            case "RMSNormalization":
                a.Ignore("stash_type");
                var (along, floor) = (a.Int("axis", -1), a.Float("epsilon", 1e-5f));
                return c => [RootMeanSquare(c, along, floor)];
            case "LRN":
                var (size, alpha, beta, bias) = ((int)a.Int("size", 1), a.Float("alpha", 1e-4f), a.Float("beta", 0.75f),
                    a.Float("bias", 1));
                return c => [LocalResponse(c, size, alpha, beta, bias)];
            case "Dropout":
                a.Ignore("ratio", "seed");
                return c => Dropout(c);
            default:
                return null;
        }
    }

    static Value?[] Batch(Call c, float epsilon, float momentum, bool training)
    {
        var x = c[0];
        var channels = x.Rank > 1 ? x.Shape[1] : 1;
        var inner = Value.Product(x.Shape.AsSpan(Math.Min(2, x.Rank)));
        var numbers = x.ToDoubles();
        var (mean, variance) = (c[3].ToDoubles(), c[4].ToDoubles());
        var (scale, shift) = (c[1], c[2]);
        if (scale.Count != channels || shift.Count != channels || mean.Length != channels || variance.Length != channels)
            throw c.Refuse($"scale, shift, mean and variance do not have one number for each of {channels} channels");
        Value?[] others = [];
        if (training)
        {
            var (sums, squares) = (new double[channels], new double[channels]);
            var each = (double)x.Count / channels;
            for (var k = 0; k < numbers.Length; k++)
                sums[k / inner % channels] += numbers[k] / each;
            for (var k = 0; k < numbers.Length; k++)
                squares[k / inner % channels] += Math.Pow(numbers[k] - sums[k / inner % channels], 2) / each;
            double[] Moved(double[] old, double[] now) => [.. old.Zip(now, (o, n) => (o * momentum) + (n * (1 - momentum)))];
            others = [new Value(c[3].Type, c[3].Shape, Moved(mean, sums)), new Value(c[4].Type, c[4].Shape, Moved(variance, squares))];
            (mean, variance) = (sums, squares);
        }
        for (var k = 0; k < numbers.Length; k++)
        {
            var channel = k / inner % channels;
            numbers[k] = ((numbers[k] - mean[channel]) / Math.Sqrt(variance[channel] + epsilon) * scale[channel]) + shift[channel];
        }
        return [new Value(x.Type, x.Shape, numbers), .. others];
    }

    static Value Grouped(Call c, int groups, float epsilon, bool perGroup)
    {
        var (x, scale, shift) = (c[0], c[1], c[2]);
        var channels = x.Shape[1];
        if (groups < 1 || channels % groups != 0 || scale.Count != (perGroup ? groups : channels) || shift.Count != scale.Count)
            throw c.Refuse($"scale {scale} and shift {shift} do not fit {x} in {groups} groups");
        var (numbers, inner) = (x.ToDoubles(), Value.Product(x.Shape.AsSpan(2)));
        var each = channels / groups * inner;
        for (var start = 0; start < numbers.Length; start += each)
        {
            Standardise(numbers.AsSpan(start, each), epsilon, out _, out _);
            for (var k = start; k < start + each; k++)
            {
                var channel = k / inner % channels;
                var factor = perGroup ? channel / (channels / groups) : channel;
                numbers[k] = (numbers[k] * scale[factor]) + shift[factor];
            }
        }
        return new Value(x.Type, x.Shape, numbers);
    }

    static Value[] Layer(Call c, long wanted, float epsilon)
    {
        var x = c[0];
        var axis = c.Axis(wanted, x.Rank);
        var each = Value.Product(x.Shape.AsSpan(axis));
        var numbers = x.ToDoubles();
        int[] rest = [.. x.Shape[..axis], .. Enumerable.Repeat(1, x.Rank - axis)];
        var (means, inverses) = (c.Doubles(rest), c.Doubles(rest));
        var (scale, shift) = (c.Spread(c[1], x.Shape), c.Has(2) ? c.Spread(c[2], x.Shape) : null);
        for (var row = 0; row < means.Length; row++)
            Standardise(numbers.AsSpan(row * each, each), epsilon, out means[row], out inverses[row]);
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = (numbers[k] * scale[k]) + (shift is null ? 0 : shift[k]);
        return [new Value(x.Type, x.Shape, numbers), new Value(OnnxType.Float32, rest, means), new Value(OnnxType.Float32, rest, inverses)];
    }

    static Value RootMeanSquare(Call c, long wanted, float epsilon)
    {
        var x = c[0];
        var each = Value.Product(x.Shape.AsSpan(c.Axis(wanted, x.Rank)));
        var (numbers, scale) = (x.ToDoubles(), c.Spread(c[1], x.Shape));
        for (var start = 0; start < numbers.Length; start += each)
        {
            double sum = 0;
            for (var k = start; k < start + each; k++)
                sum += numbers[k] * numbers[k];
            var factor = 1 / Math.Sqrt((sum / each) + epsilon);
            for (var k = start; k < start + each; k++)
                numbers[k] *= factor * scale[k];
        }
        return new Value(x.Type, x.Shape, numbers);
    }

    // Mean 0 and variance 1.
    static void Standardise(Span<double> row, float epsilon, out double mean, out double inverse)
    {
        double sum = 0, squares = 0;
        foreach (var v in row)
            sum += v;
        mean = sum / row.Length;
        foreach (var v in row)
            squares += (v - mean) * (v - mean);
        inverse = 1 / Math.Sqrt((squares / row.Length) + epsilon);
        foreach (ref var v in row)
            v = (v - mean) * inverse;
    }

    static Value LocalResponse(Call c, int size, float alpha, float beta, float bias)
    {
        var x = c[0];
        var (numbers, channels, inner) = (x.ToDoubles(), x.Shape[1], Value.Product(x.Shape.AsSpan(2)));
        var to = new double[numbers.Length];
        var (before, after) = ((size - 1) / 2, (int)Math.Ceiling((size - 1) / 2.0));
        for (var k = 0; k < to.Length; k++)
        {
            var channel = k / inner % channels;
            double sum = 0;
            for (var other = Math.Max(0, channel - before); other <= Math.Min(channels - 1, channel + after); other++)
            {
                var v = numbers[k + ((other - channel) * inner)];
                sum += v * v;
            }
            to[k] = numbers[k] / Math.Pow(bias + (alpha / size * sum), beta);
        }
        return new Value(x.Type, x.Shape, to);
    }

    static Value[] Dropout(Call c)
    {
        var x = c[0];
        if (c.Has(2) && c.Number(2, 0) != 0 && c.Number(1, 0.5) != 0)
            throw c.Refuse("training_mode is true: dropout in training draws random numbers, which is not supported");
        var all = new long[x.Count];
        Array.Fill(all, 1);
        return [x, Value.OfInts(OnnxType.Bool, x.Shape, all)];
    }
}
