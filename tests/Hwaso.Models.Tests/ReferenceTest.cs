using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests;

/// <summary>
/// Networks against what PyTorch answers with weights by the formula: names in order, outputs, norms of gradients
/// (tests/fixtures/reference).
/// </summary>
public abstract class ReferenceTest : TensorTest
{
    /// <summary>Holds one network in evaluation mode against one recorded case.</summary>
    /// <param name="name">The case.</param>
    /// <param name="facts">What the JSON says of it.</param>
    /// <param name="recorded">The outputs.</param>
    /// <param name="net">The network, built with weights of no matter.</param>
    /// <param name="outputs">Asks it for everything that was recorded, in order.</param>
    /// <param name="tolerance">Of outputs, relative to the largest.</param>
    /// <param name="gradientTolerance">Of gradients' norms, relative to the largest of the network.</param>
    protected static void Check(string name, JsonNode facts, TensorFile recorded, Module net, Func<Tensor, Tensor[]> outputs,
        double tolerance, double gradientTolerance)
    {
        ArgumentNullException.ThrowIfNull(net);
        using var scope = new Scope();
        var weights = net.Weights;
        Assert.Equal(
            facts["state_dict"]!.AsObject().Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
        Assert.Equal(facts["parameters"]!.GetValue<long>(), weights.ParameterCount);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        net.Eval();

        var norms = facts["gradient_norms"]?.AsObject();
        var stride = facts["stride"]!.GetValue<int>();
        var answers = outputs(Tensor.From(FormulaWeights.Fill("input", Longs(facts["input_shape"]!))));
        Assert.Equal(facts["shapes"]!.AsObject().Count, answers.Length);
        Tensor? sum = null;
        foreach (var ((output, shape), actual) in facts["shapes"]!.AsObject().Zip(answers))
        {
            Assert.Equal(Longs(shape!), actual.Shape);
            AssertClose(recorded.Tensors[$"{name}/{output}"].ToFloats(), actual.ToArray<float>().Where((_, k) => k % stride == 0).ToArray(),
                tolerance, output);
            var weighted = (actual * Tensor.From(FormulaWeights.Fill(output, actual.Shape))).Sum();
            sum = sum is null ? weighted : sum + weighted;
        }
        if (norms is null)
            return;
        sum!.Backward();
        CheckGradients(norms, weights, gradientTolerance);
    }

    static void CheckGradients(JsonObject norms, Weights weights, double tolerance)
    {
        var largest = norms.Max(n => n.Value!.GetValue<double>());
        foreach (var (key, parameter) in weights.Parameters)
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            var expected = norms[key]!.GetValue<double>();
            var actual = Math.Sqrt(parameter.Grad!.ToArray<double>().Sum(g => g * g));
            // Recorded in float64 and rounded to 7 digits.
            Assert.True(Math.Abs(expected - actual) <= 1e-4 * expected + tolerance * largest,
                $"norm of the gradient of {key}: {actual} for {expected}");
        }
    }

    static long[] Longs(JsonNode list) => [.. list.AsArray().Select(n => n!.GetValue<long>())];
}
