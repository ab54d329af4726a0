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

    ModernAnswer(JsonNode facts, IEnumerable<KeyValuePair<string, HostTensor>> stored)
    {
        this.facts = facts;
        tensors = stored.ToDictionary(t => Parts(t.Key).Name, t => (t.Value.ToFloats(), Parts(t.Key).Stride));
    }

    public static ModernAnswer Read(string name) => new(
        JsonNode.Parse(File.ReadAllText(Fixtures.Path($"modern/{name}.json")))!,
        TensorFile.Read(Fixtures.Path($"modern/{name}.safetensors")).Tensors);

    public JsonObject StateDict => facts["state_dict"]!.AsObject();

    public Tensor Input => Tensor.From(FormulaWeights.Fill("input", Longs(facts["input_shape"]!)));

    public IEnumerable<string> Gradients =>
        tensors.Keys.Where(k => k.StartsWith("grad.", StringComparison.Ordinal)).Select(k => k["grad.".Length..]);

    public IEnumerable<string> Afterwards =>
        tensors.Keys.Where(k => k.StartsWith("after.", StringComparison.Ordinal)).Select(k => k["after.".Length..]);

    /// <summary>Gives a network the formula's weights, once its names and shapes are those of the authors.</summary>
    public void Fill(Weights weights)
    {
        Assert.Equal(
            StateDict.Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
        Assert.Equal(facts["params"]!.GetValue<long>(), weights.ParameterCount);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
    }

    /// <summary>The largest distance of a tensor from the recorded one.</summary>
    public (double Distance, double Largest) Compare(string name, Tensor actual)
    {
        var (expected, stride) = tensors[name];
        var kept = actual.ToArray<float>().Where((_, k) => k % stride == 0).ToArray();
        Assert.Equal(expected.Length, kept.Length);
        return (expected.Zip(kept, (e, a) => Math.Abs((double)e - a)).Max(), expected.Max(e => (double)Math.Abs(e)));
    }

    static (string Name, int Stride) Parts(string key)
    {
        const string Mark = "__flat_stride_";
        var at = key.IndexOf(Mark, StringComparison.Ordinal);
        return at < 0 ? (key, 1) : (key[..at], int.Parse(key[(at + Mark.Length)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    static long[] Longs(JsonNode list) => [.. list.AsArray().Select(n => n!.GetValue<long>())];
}
