using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Graph;
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests.Attention;

/// <summary>
/// Attention modules without released code against a plain PyTorch of the same structure (tests/fixtures/reference/record_attention.py).
/// </summary>
public sealed class AttentionReferenceTests : TensorTest
{
    static readonly IReadOnlyDictionary<string, AttentionModule> modules = new Dictionary<string, AttentionModule>
    {
        ["dca"] = new DeformableAttention(),
        ["dca_kernel1"] = new DeformableAttention { Kernel = 1 },
        ["dca_modulation"] = new DeformableAttention { Modulation = true },
        ["dca_kernel5_modulation"] = new DeformableAttention { Kernel = 5, Modulation = true },
        ["se"] = new SqueezeExcitation(),
        ["se_reduction2"] = new SqueezeExcitation { Reduction = 2 },
    };

    public static TheoryData<string> Names => [.. modules.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_module_answers_as_plain_PyTorch_with_every_gradient(string name)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64, initialise: false);
        var about = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/attention.json")))!["cases"]![name]!;
        var recorded = TensorFile.Read(Fixtures.Path("reference/attention.safetensors")).Tensors;
        long[] shape = [.. about["input_shape"]!.AsArray().Select(n => n!.GetValue<long>())];
        var net = modules[name].Build(weights, (int)shape[1]);
        Assert.Equal(about["state_dict"]!.AsObject().Select(k => k.Key).Order(StringComparer.Ordinal),
            weights.State.Select(s => s.Key).Order(StringComparer.Ordinal));
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        var x = Tensor.From(FormulaWeights.Fill("input", shape)).To(ScalarType.Float64);
        x.RequiresGrad = true;
        var output = net.Call(x);
        output.Backward(Tensor.From(FormulaWeights.Fill("grad_output", shape)).To(ScalarType.Float64));

        Same(recorded[$"{name}/output"], output, "output");
        Same(recorded[$"{name}/grad_input"], x.Grad!, "input");
        foreach (var (key, parameter) in weights.Parameters)
            Same(recorded[$"{name}/grad/{key}"], parameter.Grad!, key);
    }

    [Fact]
    public void Deformable_attention_begins_as_convolutions()
    {
        using var scope = new Scope();
        RandomState.Seed(8);
        using var weights = Weights.Create();
        var net = new DeformableAttention().Build(weights, 6);
        var x = Tensor.Randn([2, 6, 5, 7]);
        Tensor Convolved(string name) => Aten.Conv2d(x, weights[$"{name}.weight"], padding: [1, 1]);
        var mask = (Convolved("q").Mean([2, 3]).Softmax(1).Reshape(2, 3, 1, 1) * Convolved("v")).Sum([1], keep: true).Sigmoid();
        // Sums of 54 terms in another order.
        AssertClose((x * mask).ToArray<float>(), net.Call(x).ToArray<float>(), 1e-6);
    }

    [Fact]
    public void A_module_at_the_end_stands_before_the_sum_and_keeps_its_names()
    {
        using var scope = new Scope();
        RandomState.Seed(9);
        using var between = Weights.Create();
        using var weights = Weights.Create();
        var first = new BasicBlock(between, 8, 8, attention: new SqueezeExcitation());
        var block = new BasicBlock(weights, 8, 8, attention: new SqueezeExcitation { Place = AttentionPlace.End });
        Assert.Equal(between.State.Select(s => s.Key).Order(StringComparer.Ordinal),
            weights.State.Select(s => s.Key).Order(StringComparer.Ordinal));
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(between[key].ToHost());
        block.Eval();
        first.Eval();
        var x = Tensor.Randn([1, 8, 6, 6]);
        var y = Aten.Conv2d((Aten.Conv2d(x, weights["conv1.weight"], padding: [1, 1]) * (1 / Math.Sqrt(1 + 1e-5))).Relu(),
            weights["conv2.weight"], padding: [1, 1]) * (1 / Math.Sqrt(1 + 1e-5));
        var channels =
            Aten.Conv2d(Aten.Conv2d(y.Mean([2, 3], keep: true), weights["deattn.fc1.weight"], weights["deattn.fc1.bias"]).Relu(),
            weights["deattn.fc2.weight"], weights["deattn.fc2.bias"]).Sigmoid();
        var expected = (y * channels + x).Relu().ToArray<float>();
        // Running statistics are 0 and 1: batch norm divides by √(1 + 1e-5). Sums of 72 terms.
        AssertClose(expected, block.Call(x).ToArray<float>(), 1e-6);
        Assert.NotEqual(expected, first.Call(x).ToArray<float>());
    }

    [Theory]
    [InlineData("dca")]
    [InlineData("psa-p-spatial")]
    public void An_odd_number_of_channels_names_the_block_and_what_fits(string name)
    {
        using var weights = Weights.Create(initialise: false);
        var error = Assert.Throws<ArgumentException>(() => new BasicBlock(weights / "stage2" / "0", 7, 7,
            attention: Zoo.FindAttention(name)));
        Assert.Equal($"stage2.0.deattn: 7 channels cannot be halved, as {name} does; 8 would fit", error.Message);
    }

    [Fact]
    public void A_deformable_convolution_costs_what_a_convolution_does_and_is_one_operator()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var graph = NetworkGraph.Of(new DeformConv2d(weights, 6, 4, kernel: 3, groups: 2, modulated: true, bias: true),
            Tensor.Zeros([2, 6, 5, 7]));
        var node = Assert.Single(graph.Nodes, n => n.Operator == "hwaso::deform_conv2d");
        Assert.Equal(["input", "offset", "weight", "bias", "stride", "padding", "dilation", "mask"],
            node.Schema.Parameters.Select(p => p.Name));
        Assert.Equal(["aten::conv2d", "aten::narrow", "aten::narrow", "aten::sigmoid", "hwaso::deform_conv2d"],
            graph.Nodes.Select(n => n.Operator));
        Assert.Equal(graph.Outputs, node.Results);
        // One image of 5×7: 27 channels of offsets and weights over 6, 4 channels over 3 of each group, at 9 points each.
        Assert.Equal(35 * 9 * (27 * 6 + 4 * 3), Hwaso.Graph.Cost.Of(graph).Macs);
    }

    /// <summary>Both are float64: some hundred terms of 1e-16, times ten where differences of them are taken.</summary>
    static void Same(HostTensor expected, Tensor actual, string what)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        var (wanted, got) = (expected.ToDoubles(), actual.ToArray<double>());
        var largest = wanted.Max(Math.Abs);
        for (var k = 0; k < wanted.Length; k++)
            Assert.True(Math.Abs(wanted[k] - got[k]) <= 1e-12 * largest, $"{what}[{k}]: {got[k]:g17}, not {wanted[k]:g17}");
    }
}
