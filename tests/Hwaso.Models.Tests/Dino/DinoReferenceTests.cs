using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.Dino;

/// <summary>
/// Registers, depth heads and full size against a plain PyTorch of the same structure, weights by the formula
/// (tests/fixtures/reference/dinov2.*).
/// </summary>
public sealed class DinoReferenceTests : TensorTest
{
    static readonly JsonObject facts = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/dinov2.json")))!.AsObject();
    static readonly JsonObject cases = facts["cases"]!.AsObject();
    static readonly TensorFile recorded = TensorFile.Read(Fixtures.Path("reference/dinov2.safetensors"));

    public static TheoryData<string> Transformers => ["registers", "full", "full_registers"];

    public static TheoryData<string> Heads => ["linear", "linear4", "dpt", "full_linear", "full_linear4", "full_dpt"];

    [Theory]
    [MemberData(nameof(Transformers))]
    public void Tokens_are_PyTorchs(string name)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = new DinoVisionTransformer(weights, ConfigOf(name));
        Fill(name, weights);
        net.Eval();
        var features = net.Features(Input(name));
        Check(name, "class_token", features.ClassToken);
        Check(name, "patch_tokens", features.PatchTokens);
        Assert.Equal(net.Config.Registers, features.RegisterTokens.Size(1));
    }

    [Theory]
    [MemberData(nameof(Heads))]
    public void Depth_is_PyTorchs(string name)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = new DinoDepth(weights, ConfigOf(name), HeadOf(name));
        Fill(name, weights);
        net.Eval();
        var image = Input(name);
        var depth = image.Apply(net);
        Assert.Equal([image.Size(0), 1, image.Size(2), image.Size(3)], depth.Shape);
        Check(name, "output", depth);
    }

    static DinoConfig ConfigOf(string name)
    {
        var plain = name.StartsWith("full", StringComparison.Ordinal) ? DinoConfig.ViTS14 : Read(facts["small"]!);
        return name.EndsWith("registers", StringComparison.Ordinal) ? plain.WithRegisters() : plain;
    }

    static DinoConfig Read(JsonNode sizes) => new()
    {
        Width = sizes["width"]!.GetValue<int>(),
        Depth = sizes["depth"]!.GetValue<int>(),
        Heads = sizes["heads"]!.GetValue<int>(),
        ImagePx = sizes["image"]!.GetValue<int>(),
    };

    static DepthHead HeadOf(string name)
    {
        var entry = cases[name]!;
        var head = DepthHead.All.Single(h => name.EndsWith(h.Name, StringComparison.Ordinal)) with
        {
            MaxDepth =
            entry["max_depth"]?.GetValue<double>() ?? 10
        };
        return head is DptDepthHead dpt && entry["channels"] is { } channels ? dpt with { Channels = channels.GetValue<int>() } : head;
    }

    static void Fill(string name, Weights weights)
    {
        var entry = cases[name]!;
        Assert.Equal(
            entry["state_dict"]!.AsObject().Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
        Assert.Equal(entry["parameters"]!.GetValue<long>(), weights.ParameterCount);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
    }

    static Tensor Input(string name) =>
        Tensor.From(FormulaWeights.Fill("input", cases[name]!["input_shape"]!.AsArray().Select(n => n!.GetValue<long>()).ToArray()));

    static void Check(string name, string output, Tensor actual)
    {
        var stride = cases[name]!["stride"]!.GetValue<int>();
        var kept = actual.ToArray<float>().Where((_, k) => k % stride == 0).ToArray();
        // float32's own distance from float64 is recorded (up to 3.5e-6); two float32 paths are at most a few times that apart.
        var own = cases[name]!["float32_error"]![output]!.GetValue<double>();
        AssertClose(recorded.Tensors[$"{name}/{output}"].ToFloats(), kept, Math.Max(4 * own, 2e-6), $"{name} {output}");
    }
}
