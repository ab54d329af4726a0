using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

/// <summary>
/// Forward and backward of the operators under the layers, against PyTorch 1.13's answers (tests/fixtures/reference/layers.*).
/// </summary>
public sealed class ReferenceLayerTests : TensorTest
{
    static readonly JsonObject cases = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/layers.json")))!["cases"]!.AsObject();
    static readonly TensorFile tensors = SafeTensors.Read(Fixtures.Path("reference/layers.safetensors"));
    static readonly string[] inputNames = ["input", "weight", "bias", "target"];

    public static TheoryData<string> Plain =>
        [.. cases.Select(c => c.Key).Where(k => !k.StartsWith("batch_norm", StringComparison.Ordinal))];

    public static TheoryData<string> BatchNorms => ["batch_norm_default", "batch_norm_momentum_0.01"];

    [Theory]
    [MemberData(nameof(Plain))]
    public void Operator_and_its_gradients_are_PyTorchs(string name)
    {
        using var scope = new Scope();
        var entry = cases[name]!.AsObject();
        var inputs = inputNames.Where(n => tensors.Tensors.ContainsKey($"{name}/{n}")).ToDictionary(n => n, n => Recorded(name, n));
        foreach (var tensor in inputs.Values.Where(t => t.Type == ScalarType.Float32))
            tensor.RequiresGrad = true;
        // Times one, as the recording: operators that give the input back are followed too.
        var passed = inputs.ToDictionary(i => i.Key, i => i.Key == "input" ? i.Value * 1.0 : i.Value);
        var output = ReferenceOperators.Run(entry["operator"]!.GetValue<string>(), entry["arguments"]!.AsObject(), passed);
        output.Backward(Recorded(name, "grad_output"));
        Check(name, "output", output);
        foreach (var (key, tensor) in inputs.Where(i => i.Value.RequiresGrad))
            Check(name, $"grad_{key}", tensor.Grad!);
    }

    [Theory]
    [MemberData(nameof(BatchNorms))]
    public void Batch_norm_trains_and_evaluates_as_PyTorchs(string name)
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var norm = new BatchNorm2d(weights, 4, momentum: cases[name]!["arguments"]!["momentum"]!.GetValue<double>());
        weights["weight"].SetData(Recorded(name, "weight"));
        weights["bias"].SetData(Recorded(name, "bias"));
        for (var k = 0; k < 3; k++)
        {
            Run(norm, weights, name, $"input{k}", $"output{k}", k == 2 ? "2" : null, "");
            Check(name, $"running_mean{k}", weights["running_mean"]);
            Check(name, $"running_var{k}", weights["running_var"]);
        }
        Assert.Equal(3, weights["num_batches_tracked"].Item());
        norm.Eval();
        Run(norm, weights, name, "input0", "eval_output0", "0", "eval_");
        Assert.Equal(3, weights["num_batches_tracked"].Item());
    }

    static void Run(BatchNorm2d norm, Weights weights, string name, string input, string output, string? gradients, string prefix)
    {
        var x = Recorded(name, input);
        x.RequiresGrad = true;
        weights["weight"].Grad = null;
        weights["bias"].Grad = null;
        var y = x.Apply(norm);
        y.Backward(Recorded(name, "grad_output"));
        Check(name, output, y);
        if (gradients is null)
            return;
        Check(name, $"{prefix}grad_input{gradients}", x.Grad!);
        Check(name, $"{prefix}grad_weight{gradients}", weights["weight"].Grad!);
        Check(name, $"{prefix}grad_bias{gradients}", weights["bias"].Grad!);
    }

    static Tensor Recorded(string name, string key) => Tensor.From(tensors.Tensors[$"{name}/{key}"]);

    static void Check(string name, string key, Tensor given)
    {
        var wanted = tensors.Tensors[$"{name}/{key}"];
        Assert.Equal(wanted.Shape, given.Shape);
        // Another processor's loops sum in another order: both are off the true value by about the recorded float32 error.
        var tolerance = 4 * cases[name]!["float32_error"]![key]!.GetValue<double>() + 4 * Math.Pow(2, -24);
        AssertClose(wanted.ToFloats(), given.ToArray<float>(), tolerance, $"{name}/{key}");
    }
}
