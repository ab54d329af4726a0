using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests.Modern;

/// <summary>What the authors' code answered with weights by the formula (tests/fixtures/modern).</summary>
sealed class ModernAnswer
{
    readonly JsonNode facts;
    readonly Dictionary<string, (float[] Values, int Stride)> tensors;

    readonly Dictionary<string, HostTensor> stored;

    ModernAnswer(JsonNode facts, IEnumerable<KeyValuePair<string, HostTensor>> stored)
    {
        this.facts = facts;
        this.stored = stored.ToDictionary();
        tensors = stored.ToDictionary(t => Parts(t.Key).Name, t => (t.Value.ToFloats(), Parts(t.Key).Stride));
    }

    public static ModernAnswer Read(string name) => new(
        JsonNode.Parse(File.ReadAllText(Fixtures.Path($"modern/{name}.json")))!,
        TensorFile.Read(Fixtures.Path($"modern/{name}.safetensors")).Tensors);

    public JsonObject StateDict => facts["state_dict"]!.AsObject();

    public Tensor Input => Hwaso.Torch.Tensor.From(FormulaWeights.Fill("input", Longs(facts["input_shape"]!)));

    public IEnumerable<string> Gradients =>
        tensors.Keys.Where(k => k.StartsWith("grad.", StringComparison.Ordinal)).Select(k => k["grad.".Length..]);

    public IEnumerable<string> Afterwards =>
        tensors.Keys.Where(k => k.StartsWith("after.", StringComparison.Ordinal)).Select(k => k["after.".Length..]);

    /// <summary>Gives a network the formula's weights, once its names and shapes are those of the authors.</summary>
    /// <param name="weights">The network's.</param>
    /// <param name="constants">The last parts of the names of buffers that are the network's own.</param>
    public void Fill(Weights weights, params string[] constants)
    {
        Assert.Equal(
            StateDict.Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
        Assert.Equal(facts["params"]!.GetValue<long>(), weights.ParameterCount);
        // Whole numbers, such as the places of window attention, are the network's own.
        foreach (var (key, tensor) in weights.State.Where(
            s => s.Value.Type != ScalarType.Int64 && !constants.Contains(s.Key.Split('.')[^1])))
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
    }

    /// <summary>Whether a tensor was recorded.</summary>
    public bool Has(string name) => tensors.ContainsKey(name);

    /// <summary>A tensor that was recorded whole.</summary>
    public Tensor Tensor(string name) => Hwaso.Torch.Tensor.From(stored[name].ToFloats(), stored[name].Shape);

    /// <summary>The largest distance of a tensor from the recorded one.</summary>
    public (double Distance, double Largest) Compare(string name, Tensor actual)
    {
        var (expected, stride) = tensors[name];
        var kept = actual.ToArray<float>().Where((_, k) => k % stride == 0).ToArray();
        Assert.Equal(expected.Length, kept.Length);
        return (expected.Zip(kept, (e, a) => Math.Abs((double)e - a)).Max(), expected.Max(e => (double)Math.Abs(e)));
    }

    /// <summary>
    /// Compares outputs with the recorded ones, and every gradient of their sum, each number times one by the formula.
    /// </summary>
    /// <param name="weights">The network's.</param>
    /// <param name="input">Of the network.</param>
    /// <param name="outputs">Its outputs, by their recorded names.</param>
    /// <param name="tolerance">Of outputs, relative to the largest.</param>
    /// <param name="idle">What has no part here, and a recorded gradient of 0 or none.</param>
    /// <param name="vanishing">How the names end whose gradients are 0 but for rounding, both here and there.</param>
    public void CheckGradients(
        Weights weights, Tensor input, (string Name, Tensor Value)[] outputs, double tolerance = 2e-5, string? idle = null,
        string? vanishing = null)
    {
        foreach (var (name, value) in outputs)
        {
            var (distance, size) = Compare(name, value);
            Assert.True(distance <= tolerance * size, $"{name}: {distance / size:g3} of its largest value away");
        }
        outputs.Select(o => (o.Value * Hwaso.Torch.Tensor.From(FormulaWeights.Fill($"weight_of_{o.Name}", o.Value.Shape))).Sum())
            .Aggregate((a, b) => a + b).Backward();
        var gradients = weights.Parameters.Where(p => p.Value.Grad is not null).ToDictionary(p => p.Key, p => p.Value.Grad!);
        gradients.Add("input", input.Grad!);
        Assert.Equal(Gradients.Where(name => name != idle).Order(StringComparer.Ordinal), gradients.Keys.Order(StringComparer.Ordinal));
        var compared = gradients.Select(g => (g.Key, Answer: Compare($"grad.{g.Key}", g.Value))).ToList();
        var largest = compared.Max(c => c.Answer.Largest);
        // A bias before a norm has a gradient of 0 but for rounding.
        Assert.All(compared, c => Assert.True(
            c.Answer.Distance <= (vanishing is not null && c.Key.EndsWith(vanishing, StringComparison.Ordinal)
                ? 1e-6 * largest : 1e-4 * Math.Max(c.Answer.Largest, 1e-3 * largest)), $"gradient of {c.Key}: {c.Answer}"));
    }

    static (string Name, int Stride) Parts(string key)
    {
        const string Mark = "__flat_stride_";
        var at = key.IndexOf(Mark, StringComparison.Ordinal);
        return at < 0 ? (key, 1) : (key[..at], int.Parse(key[(at + Mark.Length)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    static long[] Longs(JsonNode list) => [.. list.AsArray().Select(n => n!.GetValue<long>())];
}
