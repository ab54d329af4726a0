using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text.Json.Nodes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

/// <summary>Against ten recorded steps of PyTorch 1.13's optimisers (tests/fixtures/reference/optimisers.json).</summary>
public sealed class OptimiserTests : TensorTest
{
    static readonly JsonObject recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/optimisers.json")))!.AsObject();

    public static TheoryData<string> Cases => [.. recorded["cases"]!.AsObject().Select(c => c.Key)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Ten_steps_are_those_of_PyTorch(string name)
    {
        var entry = recorded["cases"]![name]!.AsObject();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using var weights = Weights.Create(type: type);
            using var scope = new Scope();
            var shapes = recorded["shapes"]!.AsArray().Select(s => s!.AsArray().Select(n => n!.GetValue<long>()).ToArray()).ToArray();
            var parameters =
                shapes.Select((shape, k) => weights.Parameter($"p{k}", shape, t => t.SetData(Of(recorded["start"]![k]!, shape, type))))
                .ToArray();
            using var optimiser = Make(entry, parameters);
            for (var step = 0; step < 10; step++)
            {
                using var inner = new Scope();
                for (var k = 0; k < parameters.Length; k++)
                    parameters[k].Grad = Of(recorded["gradients"]![step]![k]!, shapes[k], type);
                optimiser.LearningRate = Rate(entry) * entry["lr_factor"]![step]!.GetValue<double>();
                optimiser.Step();
                optimiser.ZeroGrad();
                var expected = entry[type == ScalarType.Float32 ? "after_float32" : "after_float64"]![step]!;
                for (var k = 0; k < parameters.Length; k++)
                {
                    var (wanted, given) = (Numbers(expected[k]!), parameters[k].ToArray<double>());
                    // Float32 is updated in one pass of ours: the same bits where the processor fuses multiplication and addition.
                    // Otherwise the same
                    // operations in the same order: a few units in the last place, which momentum carries on through ten steps.
                    var exact = type == ScalarType.Float32 && (Fma.IsSupported || AdvSimd.IsSupported);
                    var tolerance = exact ? 0 : 8 * Math.Pow(2, type == ScalarType.Float32 ? -23 : -52);
                    for (var i = 0; i < wanted.Length; i++)
                        Assert.True(Math.Abs(wanted[i] - given[i]) <= tolerance * Math.Max(1, Math.Abs(wanted[i])),
                            $"{name} step {step}: {given[i]:R} for {wanted[i]:R}");
                }
            }
        }
    }

    [Fact]
    public void State_restored_goes_on_bit_for_bit()
    {
        static float[] Run(int stopAt, bool adam)
        {
            using var weights = Weights.Create();
            using var scope = new Scope();
            RandomState.Seed(3);
            var p = weights.Parameter("w", [3, 4, 3, 3], t => Init.Normal(t, 1));
            weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
            Optimiser Make() => adam ? new Adam([new ParameterGroup(weights.Parameters.ToArray(), 1, 0.01)], 0.1)
                : new Sgd([new ParameterGroup(weights.Parameters.ToArray(), 1, 0.01)], 0.1, 0.9);
            var optimiser = Make();
            for (var step = 0; step < 6; step++)
            {
                if (step == stopAt)
                {
                    var saved = optimiser.State.ToDictionary(s => s.Key, s => Tensor.From(s.Value.ToHost()));
                    optimiser.Dispose();
                    optimiser = Make();
                    optimiser.LoadState(saved);
                }
                p.Grad = Tensor.Randn([3, 4, 3, 3]);
                optimiser.Step();
            }
            optimiser.Dispose();
            return p.ToArray<float>();
        }
        Assert.Equal(Run(-1, adam: false), Run(3, adam: false));
        Assert.Equal(Run(-1, adam: true), Run(3, adam: true));
    }

    [Fact]
    public void A_parameter_without_gradient_stays()
    {
        using var weights = Weights.Create();
        using var scope = new Scope();
        var (a, b) = (weights.Parameter("a", [2]), weights.Parameter("b", [2]));
        using var sgd = new Sgd([new ParameterGroup(weights.Parameters.ToArray(), 1, 0.1)], 1, 0.9);
        a.Grad = Tensor.Ones([2]);
        sgd.Step();
        Assert.Equal([-1f, -1f], a.ToArray<float>());
        Assert.Equal([0f, 0f], b.ToArray<float>());
        Assert.Single(sgd.State);
    }

    static Optimiser Make(JsonObject entry, Tensor[] parameters)
    {
        var settings = entry["groups"]!.AsArray();
        double Of(string key, double otherwise) => settings[0]![key] is JsonValue v ? v.GetValue<double>() : otherwise;
        var groups = new List<ParameterGroup>();
        for (var g = 0; g < settings.Count; g++)
        {
            var own = settings.Count == 1
                ? parameters.Select((p, k) => KeyValuePair.Create($"p{k}", p)).ToArray()
                : [KeyValuePair.Create($"p{g}", parameters[g])];
            groups.Add(new ParameterGroup(own, settings[g]!["lr"]!.GetValue<double>() / Rate(entry),
                settings[g]!["weight_decay"]?.GetValue<double>() ?? 0));
        }
        double beta1 = 0.9, beta2 = 0.999;
        if (settings[0]!["betas"] is JsonArray betas)
            (beta1, beta2) = (betas[0]!.GetValue<double>(), betas[1]!.GetValue<double>());
        return entry["optimizer"]!.GetValue<string>() switch
        {
            "SGD" => new Sgd(groups, Rate(entry), Of("momentum", 0), Of("dampening", 0),
                settings[0]!["nesterov"]?.GetValue<bool>() ?? false),
            "Adam" => new Adam(groups, Rate(entry), beta1, beta2, Of("eps", 1e-8)),
            "AdamW" => new Adam(groups, Rate(entry), beta1, beta2, Of("eps", 1e-8), decoupled: true),
            var other => throw new NotSupportedException(other),
        };
    }

    static double Rate(JsonObject entry) => entry["groups"]![0]!["lr"]!.GetValue<double>();

    static double[] Numbers(JsonNode list) => list.AsArray().Select(n => n!.GetValue<double>()).ToArray();

    static Tensor Of(JsonNode list, long[] shape, ScalarType type) => Tensor.From(Numbers(list), shape).To(type);
}
