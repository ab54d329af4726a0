using System.Text.Json.Nodes;
using Hwaso.Tests;

namespace Hwaso.Nn.Tests;

/// <summary>Against the formulas and PyTorch's schedulers (tests/fixtures/reference/schedules.json).</summary>
public sealed class ScheduleTests
{
    [Theory]
    [InlineData("poly", 0.9)]
    [InlineData("poly_power_1", 1)]
    public void Poly_is_the_official_formula(string name, double power) => Check(name, new PolyPolicy(power));

    [Fact]
    public void Every_recorded_schedule_is_met()
    {
        Check("cosine", new CosinePolicy());
        Check("cosine_minimum", new CosinePolicy(1e-5));
        Check("step", new StepPolicy([300, 600, 900]));
        Check("multi_step", new StepPolicy([170, 500, 900]));
        Check("warmup_linear", new ConstantPolicy { WarmupIterations = 100, WarmupRatio = 0.001 });
        Check("poly_with_warmup", new PolyPolicy { WarmupIterations = 100, WarmupRatio = 0.001 });
    }

    /// <summary>The authors' own: mmsegmentation's, BiSeNet's and EoMT's (tests/fixtures/modern/training).</summary>
    [Theory]
    [InlineData("segformer", 160000)]
    [InlineData("mmseg_sgd_80k", 80000)]
    [InlineData("bisenetv2_mmseg", 160000)]
    [InlineData("coincheung_bisenet_exp_warmup", 3000)]
    public void Published_schedules_are_met(string name, long total)
    {
        LearningRatePolicy policy = name switch
        {
            "segformer" => new PolyPolicy(1) { WarmupIterations = 1500, WarmupRatio = 1e-6 },
            "mmseg_sgd_80k" => new PolyPolicy(0.9, 1e-4),
            "bisenetv2_mmseg" => new PolyPolicy(0.9, 1e-4) { WarmupIterations = 1000, WarmupRatio = 0.1 },
            _ => new PolyPolicy { WarmupIterations = 200, WarmupForm = WarmupForm.Exponential, BeginsAfterWarmup = true },
        };
        var entry = Published(name);
        foreach (var value in entry["values"]!.AsArray())
        {
            var rate = entry["base"]!.GetValue<double>();
            Near(value![1]!, policy.At(value[0]!.GetValue<long>(), total, rate), rate);
        }
    }

    [Fact]
    public void A_backbone_that_starts_later_has_EoMTs_rates()
    {
        var entry = Published("eomt_two_stage");
        var policy = new PolyPolicy { WarmupIterations = 500, WarmupRatio = 0, BeginsAfterWarmup = true, LaterIterations = 1000 };
        foreach (var value in entry["values"]!.AsArray())
        {
            var (at, total) = (value![0]!.GetValue<long>(), entry["total"]!.GetValue<long>());
            Near(value[1]!, policy.LaterAt(at, total, entry["base"]![0]!.GetValue<double>()));
            Near(value[2]!, policy.At(at, total, entry["base"]![1]!.GetValue<double>()));
        }
        Assert.Equal(policy.At(7, 100, 1), (policy with { LaterIterations = 0 }).LaterAt(7, 100, 1));
    }

    [Fact]
    public void Rates_stay_at_the_end_after_it_and_steps_before_the_first_are_refused()
    {
        Assert.Equal(0, new PolyPolicy().At(120, 100, 1));
        Assert.Equal(0.25, new PolyPolicy(End: 0.25).At(100, 100, 1));
        Assert.Equal(0.25, new CosinePolicy(0.25).At(130, 100, 1), 15);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PolyPolicy().At(-1, 100, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PolyPolicy().At(0, 0, 1));
    }

    [Fact]
    public void Warm_up_rises_linearly_to_the_policy_and_then_leaves_it_alone()
    {
        var policy = new PolyPolicy { WarmupIterations = 10, WarmupRatio = 0.1 };
        var plain = new PolyPolicy();
        Assert.Equal(0.1 * plain.At(0, 100, 1), policy.At(0, 100, 1), 15);
        Assert.Equal(0.55 * plain.At(5, 100, 1), policy.At(5, 100, 1), 15);
        Assert.Equal(plain.At(10, 100, 1), policy.At(10, 100, 1));
    }

    [Fact]
    public void Steps_cosine_and_constant_are_their_formulas()
    {
        var step = new StepPolicy([30, 60]);
        Assert.Equal([1, 1, 0.1, 0.1, 0.01], new long[] { 0, 29, 30, 59, 60 }.Select(t => Math.Round(step.At(t, 90, 1), 12)));
        Assert.Equal(1e-4 + (0.1 - 1e-4) * (1 + Math.Cos(Math.PI * 25 / 100)) / 2, new CosinePolicy(1e-4).At(25, 100, 0.1), 15);
        Assert.Equal(0.3, new ConstantPolicy().At(99, 100, 0.3));
    }

    static JsonNode Published(string name) =>
        JsonNode.Parse(File.ReadAllText(Fixtures.Path("modern/training/schedules.json")))![name]!;

    // Their code multiplies step by step what is one power here, and takes the difference of two numbers near the base rate.
    static void Near(JsonNode wanted, double got, double rate = 1e-6) =>
        Assert.Equal(wanted.GetValue<double>(), got, 1e-12 * wanted.GetValue<double>() + 1e-16 * rate);

    static void Check(string name, LearningRatePolicy policy)
    {
        var entry = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/schedules.json")))!["cases"]![name]!;
        // Constants and steps have no length of their own; what they give does not depend on it.
        var total = entry["max"]?.GetValue<long>() ?? 1000;
        foreach (var (at, rate) in entry["at"]!.AsArray().Zip(entry["lr"]!.AsArray()))
            Assert.Equal(rate!.GetValue<double>(), policy.At(at!.GetValue<long>(), total, entry["base"]!.GetValue<double>()), 1e-15);
    }
}
