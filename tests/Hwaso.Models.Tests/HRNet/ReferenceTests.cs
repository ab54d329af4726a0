using System.Text.Json.Nodes;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using Hwaso.Torch.Files;

namespace Hwaso.Models.Tests.HRNet;

/// <summary>Every form, plain and with attention, against a plain PyTorch of the same structure, weights by the formula (tests/fixtures/reference/hrnet_forms.*).</summary>
public sealed class ReferenceTests : TensorTest
{
    static readonly JsonObject cases = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/hrnet_forms.json")))!["cases"]!.AsObject();
    static readonly TensorFile recorded = TensorFile.Read(Fixtures.Path("reference/hrnet_forms.safetensors"));

    public static TheoryData<string> Names => [.. cases.Select(c => c.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_outputs_and_gradients_are_PyTorchs(string name)
    {
        var facts = cases[name]!;
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var network = Forms.Build(weights, name);
        Assert.Equal(
            facts["state_dict"]!.AsObject().Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
        Assert.Equal(facts["parameters"]!.GetValue<long>(), weights.ParameterCount);
        Forms.FillByFormula(weights);
        network.Net.Eval();

        var outputs = network.Outputs(Tensor.From(FormulaWeights.Fill("input", facts["input_shape"]!.Longs())));
        var stride = facts["stride"]!.GetValue<int>();
        Tensor? sum = null;
        foreach (var ((output, shape), actual) in facts["shapes"]!.AsObject().Zip(outputs))
        {
            Assert.Equal(shape!.Longs(), actual.Shape);
            // float32's own distance from float64 is at most 7e-7 in these; two float32 paths are a few times that apart.
            AssertClose(recorded.Tensors[$"{name}/{output}"].ToFloats(), actual.ToArray<float>().Where((_, k) => k % stride == 0).ToArray(), 5e-6, output);
            var weighted = (actual * Tensor.From(FormulaWeights.Fill(output, actual.Shape))).Sum();
            sum = sum is null ? weighted : sum + weighted;
        }
        sum!.Backward();
        CheckGradients(facts["gradient_norms"]!.AsObject(), weights);
    }

    static void CheckGradients(JsonObject norms, Weights weights)
    {
        var largest = norms.Max(n => n.Value!.GetValue<double>());
        foreach (var (key, parameter) in weights.Parameters)
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            var expected = norms[key]!.GetValue<double>();
            var actual = Math.Sqrt(parameter.Grad!.ToArray<double>().Sum(g => g * g));
            // Recorded in float64 and rounded to 7 digits; float32 norms differ by up to 1.4e-7 of the network's largest there.
            Assert.True(Math.Abs(expected - actual) <= 1e-4 * expected + 2e-6 * largest, $"norm of the gradient of {key}: {actual} for {expected}");
        }
    }
}
