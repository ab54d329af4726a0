using System.Globalization;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>
/// Processor time of the three passes of every convolution of a training step: libtorch's in both memory formats, and our kernels'. The
/// sides take turns; medians of the rounds.
/// </summary>
static class ConvolutionTable
{
    const int Rounds = 5;

    // Of one side's calls in a round, in milliseconds.
    const double Enough = 6;

    static readonly string[] passes = ["forward", "input", "weight"];

    public static void Write(string network, int[] images, int threads, string text)
    {
        TorchInfo.Threads = threads;
        Console.WriteLine($"{network}, {string.Join('x', images)}, {threads} threads: milliseconds of a processor a call; forward, "
            + "gradient of the input, of the weights\n");
        Console.WriteLine("| layers | images, channels, size, kernel | million multiply-adds | pass | libtorch NCHW | libtorch NHWC "
            + "| ours | chosen |");
        Console.WriteLine("|--:|---|--:|---|--:|--:|--:|---|");
        // Of libtorch in each format, and of the rule.
        var totals = new double[3];
        foreach (var group in Layers(network, images).Where(l => $"{l}".Contains(text, StringComparison.Ordinal)).GroupBy(l => l)
            .OrderByDescending(g => g.Key.MultiplyAdds * g.Count()))
            Write(group.Key, group.Count(), totals);
        Console.WriteLine($"\nAll convolutions: libtorch NCHW {totals[0]:0.0} ms, NHWC {totals[1]:0.0} ms, as chosen {totals[2]:0.0} ms: "
            + $"{totals[2] / Math.Min(totals[0], totals[1]):0.00} of libtorch's better one");
    }

    static List<Layer> Layers(string network, int[] images)
    {
        // One layer: images, channels, size, kernel, stride, padding, dilation, groups.
        if (network.Split(',') is { Length: 10 } numbers)
        {
            var n = numbers.Select(k => long.Parse(k, CultureInfo.InvariantCulture)).ToArray();
            return [new Layer(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9])];
        }
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = Zoo.FindSegmentation(network).Build(weights, 19);
        net.Train();
        var seen = new Convolutions();
        using (new NoGrad())
        using (Door.Observe(seen))
            net.Call(Aten.Randn([images[0], 3, images[1], images[2]]));
        return seen.Found;
    }

    static void Write(Layer layer, int count, double[] totals)
    {
        using var scope = new Scope();
        Func<Timed>[] sides = [() => Libtorch(layer, MemoryFormat.Contiguous), () => Libtorch(layer, MemoryFormat.ChannelsLast)];
        var choice = default(ConvChoice);
        if (Own(layer) is { } own)
        {
            choice = own.Choice;
            sides = [.. sides, () => Own(layer, own)];
        }
        var made = sides.Select(side => side()).ToArray();
        var times = made.Select(_ => new List<double[]>()).ToArray();
        for (var round = 0; round <= Rounds; round++)
            for (var side = 0; side < made.Length; side++)
                if (made[side].Round() is var time && round > 0)
                    times[side].Add(time);
        for (var pass = 0; pass < 3; pass++)
        {
            var medians = times.Select(t => t.Select(r => r[pass]).Order().ElementAt(Rounds / 2)).ToArray();
            var chosen = pass switch { 0 => choice.Output, 1 => choice.Input, _ => choice.Weight };
            totals[0] += count * medians[0];
            totals[1] += count * medians[1];
            totals[2] += count * medians[chosen ? 2 : 0];
            var cells = medians.Select(m => $"{m:0.000}").Concat(Enumerable.Repeat("", 3 - medians.Length));
            var named = pass == 0 ? $"{count} | {layer} | {layer.MultiplyAdds / 1e6:0}" : " | |";
            Console.WriteLine($"| {named} | {passes[pass]} | {string.Join(" | ", cells)} | {(chosen ? "ours" : "libtorch")} |");
        }
    }

    static Timed Libtorch(Layer layer, MemoryFormat format)
    {
        var (x, weight, gradient) = layer.Tensors(format);
        return new Timed(x, weight, gradient, (a, b) => Aten.Conv2d(a, b, null, layer.Steps.Stride, layer.Steps.Padding,
            layer.Steps.Dilation, layer.Groups));
    }

    static ConvPasses? Own(Layer layer)
    {
        using var scope = new Scope();
        var (x, weight, _) = layer.Tensors(MemoryFormat.Contiguous);
        return ConvPasses.Of(x, weight, layer.Steps);
    }

    static Timed Own(Layer layer, ConvPasses passes)
    {
        var (x, weight, gradient) = layer.Tensors(MemoryFormat.Contiguous);
        return new Timed(x, weight, gradient,
            (a, b) => new ConvFunction(layer.Steps, ConvChoice.Everything, passes).Apply(a, b)[0]);
    }

    /// <summary>A convolution on both sides' numbers.</summary>
    sealed class Timed(Tensor x, Tensor weight, Tensor gradient, Func<Tensor, Tensor, Tensor> convolution)
    {
        /// <summary>Milliseconds of a processor a call: forward, gradient of the input, of the weights.</summary>
        public double[] Round()
        {
            var sums = new double[3];
            var calls = 0;
            for (; sums.Sum() < 3 * Enough && calls < 200; calls++)
            {
                using var scope = new Scope();
                var (forward, backward) = Step(x, weight);
                sums[0] += forward;
                sums[1] += backward;
                sums[2] += Step(weight, x).Backward;
            }
            return [.. sums.Select(s => s / calls)];
        }

        (double Forward, double Backward) Step(Tensor wanted, Tensor other)
        {
            (wanted.RequiresGrad, other.RequiresGrad) = (true, false);
            var begin = Environment.CpuUsage.TotalTime;
            var output = convolution(x, weight);
            var middle = Environment.CpuUsage.TotalTime;
            Gradients.Of(output, [wanted], gradient);
            return ((middle - begin).TotalMilliseconds, (Environment.CpuUsage.TotalTime - middle).TotalMilliseconds);
        }
    }

    readonly record struct Layer(
        long Images, long Cin, long Cout, long Height, long Width, long Kernel, long Stride, long Padding, long Dilation, long Groups)
    {
        long Across(long size) => (size + 2 * Padding - Dilation * (Kernel - 1) - 1) / Stride + 1;

        public long MultiplyAdds => Images * Cin / Groups * Cout * Across(Height) * Across(Width) * Kernel * Kernel;

        public ConvSteps Steps => new([Stride, Stride], [Padding, Padding], [Dilation, Dilation], Groups);

        public (Tensor X, Tensor Weight, Tensor Gradient) Tensors(MemoryFormat format) => (
            Aten.Randn([Images, Cin, Height, Width]).Contiguous(format),
            Aten.Randn([Cout, Cin / Groups, Kernel, Kernel]).Contiguous(format),
            Aten.Randn([Images, Cout, Across(Height), Across(Width)]).Contiguous(format));

        public override string ToString() => $"{Images}, {Cin} to {Cout}, {Height}×{Width}, {Kernel}×{Kernel}"
            + (Stride > 1 ? $" stride {Stride}" : "") + (Dilation > 1 ? $" dilation {Dilation}" : "")
            + (Groups > 1 ? $" groups {Groups}" : "");
    }

    sealed class Convolutions : IDoorObserver
    {
        public List<Layer> Found { get; } = [];

        public void Enter(string place, string kind, ReadOnlySpan<Tensor> inputs)
        {
        }

        public void Leave(string place, ReadOnlySpan<Tensor> outputs)
        {
        }

        public void Called(Operator operation, ReadOnlySpan<Value> arguments, ReadOnlySpan<Value> results)
        {
            if (operation.Name != "aten::conv2d")
                return;
            var (x, weight) = (arguments[0].AsTensor(), arguments[1].AsTensor());
            Found.Add(new Layer(x.Size(0), x.Size(1), weight.Size(0), x.Size(2), x.Size(3), weight.Size(2), arguments[3].AsInts()[0],
                arguments[4].AsInts()[0], arguments[5].AsInts()[0], arguments[6].AsInt()));
        }
    }
}
