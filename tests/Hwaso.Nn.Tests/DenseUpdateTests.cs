using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

/// <summary>One pass over memory against libtorch's operators one after the other, as torch.optim calls them.</summary>
public sealed class DenseUpdateTests : TensorTest
{
    // Enough for two threads, and a last vector that is not full.
    static readonly long[] shape = [37, 31, 11, 13];

    [Theory]
    [InlineData(0, 0, 0, false)]
    [InlineData(1e-4, 0, 0, false)]
    [InlineData(1e-4, 0.9, 0, false)]
    [InlineData(0, 0.9, 0.3, false)]
    [InlineData(1e-4, 0.9, 0, true)]
    public void Sgd_gives_the_operators_bits(double decay, double momentum, double dampening, bool nesterov) => Check(
        group => new Sgd([group], 0.01, momentum, dampening, nesterov),
        decay,
        (step, p, g, state) =>
        {
            if (decay != 0)
                g = Aten.Add(g, p, decay);
            if (momentum != 0)
            {
                if (step == 0)
                    state.Add(g.Clone());
                else
                    Aten.Add_(Aten.Mul_(state[0], momentum), g, 1 - dampening);
                g = nesterov ? Aten.Add(g, state[0], momentum) : state[0];
            }
            Aten.Add_(p, g, -0.01);
        });

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.05, false)]
    [InlineData(0.05, true)]
    public void Adam_gives_the_operators_bits(double decay, bool decoupled) => Check(
        group => new Adam([group], 0.01, decoupled: decoupled),
        decay,
        (step, p, g, state) =>
        {
            if (step == 0)
                state.AddRange([Aten.ZerosLike(p), Aten.ZerosLike(p)]);
            if (decoupled)
                Aten.Mul_(p, 1 - 0.01 * decay);
            else if (decay != 0)
                g = Aten.Add(g, p, decay);
            Aten.Add_(Aten.Mul_(state[0], 0.9), g, 1 - 0.9);
            Aten.Addcmul_(Aten.Mul_(state[1], 0.999), g, g, 1 - 0.999);
            var denominator = Aten.Add(Aten.Div(Aten.Sqrt(state[1]), Math.Sqrt(1 - Math.Pow(0.999, step + 1))), 1e-8);
            Aten.Addcdiv_(p, state[0], denominator, -0.01 / (1 - Math.Pow(0.9, step + 1)));
        });

    [Fact]
    public void Channels_last_parameters_and_gradients_with_gaps_learn_like_plain_ones()
    {
        float[] Run(bool channelsLast, bool gaps, bool adam)
        {
            using var weights = Weights.Create();
            using var scope = new Scope();
            RandomState.Seed(5);
            var p = weights.Parameter("w", [8, 6, 3, 3], t => Init.Normal(t, 1));
            if (channelsLast)
                weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
            var group = new ParameterGroup([.. weights.Parameters], 1, 0.01);
            using Optimiser optimiser = adam ? new Adam([group], 0.1) : new Sgd([group], 0.1, 0.9, nesterov: true);
            for (var step = 0; step < 4; step++)
            {
                var wide = Tensor.Randn([8, 6, 3, 6]);
                var gradient = wide.Narrow(3, 0, 3);
                p.Grad = gaps ? gradient : gradient.Contiguous(channelsLast ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous);
                optimiser.Step();
            }
            return p.ToArray<float>();
        }
        foreach (var adam in new[] { false, true })
        {
            var plain = Run(channelsLast: false, gaps: false, adam);
            Assert.Equal(plain, Run(channelsLast: true, gaps: false, adam));
            // libtorch's loops for tensors with gaps may round a product apart from its sum: a unit or two in the last place a step.
            AssertClose(plain, Run(channelsLast: false, gaps: true, adam), 8 * Math.Pow(2, -24), "with gaps");
            AssertClose(plain, Run(channelsLast: true, gaps: true, adam), 8 * Math.Pow(2, -24), "channels last with gaps");
        }
    }

    [Fact]
    public void Thread_count_does_not_change_a_bit()
    {
        var before = TorchInfo.Threads;
        float[] Run(int threads)
        {
            TorchInfo.Threads = threads;
            using var weights = Weights.Create();
            using var scope = new Scope();
            RandomState.Seed(6);
            var p = weights.Parameter("w", shape, t => Init.Normal(t, 1));
            using var sgd = new Sgd([new ParameterGroup([.. weights.Parameters], 1, 0.01)], 0.1, 0.9);
            for (var step = 0; step < 3; step++)
            {
                p.Grad = Tensor.Randn(shape);
                sgd.Step();
            }
            return p.ToArray<float>();
        }
        try
        {
            var one = Run(1);
            Assert.Equal(one, Run(2));
            Assert.Equal(one, Run(3));
        }
        finally
        {
            TorchInfo.Threads = before;
        }
    }

    static void Check(Func<ParameterGroup, Optimiser> make, double decay, Action<int, Tensor, Tensor, List<Tensor>> operators)
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        RandomState.Seed(4);
        var p = weights.Parameter("w", shape, t => Init.Normal(t, 1));
        var expected = p.Detach().Clone();
        var state = new List<Tensor>();
        using var optimiser = make(new ParameterGroup([.. weights.Parameters], 1, decay));
        for (var step = 0; step < 5; step++)
        {
            var gradient = Tensor.Randn(shape);
            p.Grad = gradient;
            optimiser.Step();
            operators(step, expected, gradient, state);
            var (wanted, given) = (expected.ToArray<float>(), p.ToArray<float>());
            // Where libtorch's loops fuse multiplication and addition, as ours do, every bit is the same; otherwise each step rounds once
            // more. Of addcmul that was left to its compiler: other builds than 1.13's may round the product apart.
            if (TorchFuses && (optimiser is Sgd || TorchInfo.Version.StartsWith("1.13", StringComparison.Ordinal)))
            {
                var differing = wanted.Zip(given).Count(v => v.First != v.Second);
                var most = wanted.Zip(given).Max(v => Math.Abs(v.First - v.Second));
                Assert.True(
                    wanted.AsSpan().SequenceEqual(given), $"step {step}: {differing} of {wanted.Length} differ, by {most:g3}");
            }
            else
                AssertClose(wanted, given, 8 * Math.Pow(2, -24), $"step {step}");
        }
    }
}
