using System.Text.Json.Nodes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

public sealed class LayerTests : TensorTest
{
    static readonly JsonObject values =
        JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/initialisation.json")))!["cases"]!.AsObject();

    [Fact]
    public void Initial_values_are_PyTorchs_bit_for_bit()
    {
        using var weights = Weights.Create();
        RandomState.Seed(0);
        var conv = new Conv2d(weights / "conv", 3, 8, kernel: 3, bias: true);
        AssertBits(values["Conv2d(3,8,3)"]!, conv.Weight, conv.Bias!);
        RandomState.Seed(0);
        _ = new Linear(weights / "fc", 5, 4);
        AssertBits(values["Linear(5,4)"]!, weights["fc.weight"], weights["fc.bias"]);
    }

    [Fact]
    public void Batch_norm_keeps_running_statistics_in_training_and_uses_them_in_evaluation()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64);
        var norm = new BatchNorm2d(weights, 2, momentum: 0.25);
        var x = Tensor.From([1.0, 2, 3, 4, 10, 20, 30, 40], 1, 2, 2, 2);
        var y = x.Apply(norm).ToArray<double>();
        // Mean 2.5, biased variance 1.25 for normalising, unbiased 5/3 for the running one.
        Assert.Equal((1 - 2.5) / Math.Sqrt(1.25 + 1e-5), y[0], 12);
        Assert.Equal(0.25 * 2.5, weights["running_mean"].ToArray<double>()[0], 12);
        Assert.Equal(0.75 + 0.25 * 5 / 3, weights["running_var"].ToArray<double>()[0], 12);
        Assert.Equal(1, weights["num_batches_tracked"].Item());
        norm.Eval();
        Assert.Equal((1 - 0.25 * 2.5) / Math.Sqrt(0.75 + 0.25 * 5 / 3 + 1e-5), x.Apply(norm).ToArray<double>()[0], 12);
        Assert.Equal(1, weights["num_batches_tracked"].Item());
    }

    [Fact]
    public void Dropout_drops_in_training_alone()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var dropout = new Dropout(weights, 0.25);
        RandomState.Seed(1);
        var kept = Tensor.Ones([10_000]).Apply(dropout).ToArray<float>();
        Assert.All(kept, v => Assert.True(v is 0 or 1 / 0.75f));
        // Binomial with deviation √(10 000 · ¼ · ¾) = 43: five of them.
        Assert.InRange(kept.Count(v => v == 0), 2500 - 217, 2500 + 217);
        dropout.Eval();
        Assert.All(Tensor.Ones([100]).Apply(dropout).ToArray<float>(), v => Assert.Equal(1, v));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Dropout(weights / "x", 1.5));
    }

    [Fact]
    public void Cross_entropy_is_its_formula_with_its_gradient()
    {
        using var scope = new Scope();
        RandomState.Seed(2);
        var logits = Tensor.Randn([2, 3, 2, 2], ScalarType.Float64);
        logits.RequiresGrad = true;
        long[] labels = [0, 1, 255, 2, 2, 2, 0, 255];
        double[] classWeights = [1, 2, 0.5];
        using var loss = new CrossEntropy(classWeights: classWeights);
        var value = loss.Of(logits, Tensor.From(labels, 2, 2, 2));
        value.Backward();

        var z = logits.ToArray<double>();
        var gradient = logits.Grad!.ToArray<double>();
        double sum = 0, total = 0;
        var expected = new double[z.Length];
        for (var pixel = 0; pixel < labels.Length; pixel++)
        {
            if (labels[pixel] == 255)
                continue;
            int n = pixel / 4, at = pixel % 4;
            var scores = Enumerable.Range(0, 3).Select(k => Math.Exp(z[(n * 3 + k) * 4 + at])).ToArray();
            var weight = classWeights[labels[pixel]];
            sum -= weight * Math.Log(scores[labels[pixel]] / scores.Sum());
            total += weight;
            for (var k = 0; k < 3; k++)
                expected[(n * 3 + k) * 4 + at] = weight * (scores[k] / scores.Sum() - (labels[pixel] == k ? 1 : 0));
        }
        Assert.Equal(sum / total, value.Item(), 1e-12);
        Assert.All(expected.Zip(gradient), g => Assert.Equal(g.First / total, g.Second, 1e-12));
        Assert.Throws<ArgumentException>(() => loss.Of(Tensor.Zeros([1, 4, 2, 2]), Tensor.Zeros([1, 2, 2], ScalarType.Int64)));
    }

    [Fact]
    public void A_batch_without_labels_costs_nothing_and_moves_nothing()
    {
        using var scope = new Scope();
        var logits = Tensor.Randn([1, 3, 2, 2]);
        logits.RequiresGrad = true;
        using var loss = new CrossEntropy();
        var value = loss.Of(logits, Tensor.From(Enumerable.Repeat(255L, 16).ToArray(), 1, 4, 4));
        value.Backward();
        Assert.Equal(0, value.Item());
        Assert.All(logits.Grad!.ToArray<float>(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void Weights_name_what_is_doubled_or_missing()
    {
        using var weights = Weights.Create();
        _ = new Conv2d(weights / "a", 1, 1, 1);
        Assert.Contains("a.weight", Assert.Throws<ArgumentException>(() => new Conv2d(weights / "a", 1, 1, 1)).Message,
            StringComparison.Ordinal);
        Assert.Contains("b.weight", Assert.Throws<KeyNotFoundException>(() => weights["b.weight"]).Message, StringComparison.Ordinal);
        Assert.Contains("not multiples of 2 groups",
            Assert.Throws<ArgumentException>(() => new Conv2d(weights / "c", 3, 4, 1, groups: 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_is_in_PyTorchs_order_and_modes_reach_everything_below()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = new Sequential(
            weights / "body",
            p => new Conv2d(p, 2, 3, 3, bias: true),
            p => new BatchNorm2d(p, 3),
            p => new Sequential(p, q => new ReLU(q), q => new Conv2d(q, 3, 1, 1)));
        Assert.Equal(
            [
                "body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "body.1.running_mean", "body.1.running_var",
                "body.1.num_batches_tracked", "body.2.1.weight",
            ], weights.State.Select(s => s.Key));
        net.Eval();
        Assert.False(net[1].IsTraining);
        Assert.False(((Sequential)net[2])[1].IsTraining);
        net[2].Train();
        Assert.False(net[1].IsTraining);
        Assert.True(((Sequential)net[2])[0].IsTraining);

        var before = weights["body.0.weight"].ToArray<float>();
        weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
        Assert.True(weights["body.0.weight"].IsChannelsLast);
        Assert.Equal(before, weights["body.0.weight"].ToArray<float>());
    }

    [Fact]
    public void A_module_frees_what_it_made_and_errors_name_its_place()
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        var net = new Sequential(weights / "head", p => new Conv2d(p, 2, 3, 3), p => new ReLU(p), p => new Conv2d(p, 4, 1, 1));
        var before = Tensor.LiveHandles;
        var error = Assert.Throws<TorchException>(() => net.Call(Tensor.Zeros([1, 2, 5, 5])));
        Assert.StartsWith("head.2: aten::conv2d", error.Message, StringComparison.Ordinal);
        Assert.Equal("", Door.CurrentPlace);
        Assert.Equal(before + 1, Tensor.LiveHandles);
    }

    static void AssertBits(JsonNode recorded, Tensor weight, Tensor bias)
    {
        // u · (to - from) + from: every bit where that is fused as in the recording, a rounding apart where it is not.
        var tolerance = TorchFuses ? 0 : Math.Pow(2, -23);
        AssertClose([.. recorded["weight"]!.AsArray().Select(n => n!.GetValue<float>())], weight.ToArray<float>(), tolerance, "weight");
        AssertClose([.. recorded["bias"]!.AsArray().Select(n => n!.GetValue<float>())], bias.ToArray<float>(), tolerance, "bias");
    }

    [Fact]
    public void BatchNorm_in_training_refuses_one_value_per_channel_whose_variance_is_no_number()
    {
        using var weights = Weights.Create();
        var norm = new BatchNorm2d(weights / "head" / "bn", 3);
        using var one = Tensor.Ones([1, 3, 1, 1]);
        var error = Assert.Throws<OneValuePerChannelException>(() => norm.Call(one));
        Assert.Equal("head.bn", error.Module);
        using var two = Tensor.Ones([2, 3, 1, 1]);
        norm.Call(two).Dispose();
        norm.Eval();
        norm.Call(one).Dispose();
    }
}
