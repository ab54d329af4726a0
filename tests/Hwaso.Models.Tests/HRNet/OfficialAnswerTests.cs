using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.HRNet;

/// <summary>Pose and OCR against the official implementations: names in order, outputs (tests/fixtures/small, formula).</summary>
public sealed class OfficialAnswerTests : TensorTest
{
    // Both sides are float32 sums of some thousand terms: 1e-5 of the largest output is what PyTorch itself differs by between thread
    // counts.
    const double Tolerance = 1e-5;

    [Fact]
    public void A_reduced_pose_network_answers_as_the_official_one() =>
        Check("hrnet_pose", w => Forms.Of(new HRNetPose(w, Forms.Reduced(4, 64))), "output");

    [Fact]
    public void A_reduced_OCR_network_answers_both_outputs_as_the_official_one() =>
        Check("hrnetv2_ocr",
            w => Forms.Of(new HRNetOcr(w, Forms.Reduced(1, 16) with { AlignCorners = true },
            new OcrConfig { Channels = 32, KeyChannels = 16 }, 5)), "output_aux", "output");

    [Fact]
    public void Pose_W32_has_the_official_names_in_order() => CheckKeys("hrnet_pose_w32", w => new HRNetPose(w, HRNetConfig.OfWidth(32)));

    [Fact]
    public void OCR_W48_has_the_official_names_in_order() =>
        CheckKeys("hrnetv2_w48_ocr", w => new HRNetOcr(w, HRNetConfig.OfWidth(48), new OcrConfig(), 19));

    static void Check(string fixture, Func<Weights, Forms> build, params string[] outputs)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var network = build(weights);
        var state = TensorFile.Read(Fixtures.Path($"small/{fixture}.pth")).Tensors;
        Assert.Equal(state.Keys, weights.State.Select(s => s.Key));
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(state[key]);
        network.Net.Eval();
        var recorded = TensorFile.Read(Fixtures.Path($"small/{fixture}.safetensors")).Tensors;
        foreach (var (name, actual) in outputs.Zip(network.Outputs(Tensor.From(recorded["input"]))))
        {
            Assert.Equal(recorded[name].Shape, actual.Shape);
            AssertClose(recorded[name].ToFloats(), actual.ToArray<float>(), Tolerance, name);
        }
    }

    static void CheckKeys(string fixture, Func<Weights, Net> build)
    {
        using var weights = Weights.Create(initialise: false);
        build(weights);
        var listed = JsonNode.Parse(File.ReadAllText(Fixtures.Path($"formula/{fixture}.keys.json")))!;
        Assert.Equal(
            listed["state_dict"]!.AsObject().Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
        Assert.Equal(listed["params"]!.GetValue<long>(), weights.ParameterCount);
    }
}
