using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests.Dense;

/// <summary>
/// ResNets, EfficientNets, FCN and DeepLabV3 against torchvision; U-Nets, PyTorch-Encoding's FCN and SANets against a plain PyTorch on its
/// backbones (tests/fixtures/reference/dense.*).
/// </summary>
public sealed class DenseReferenceTests : ReferenceTest
{
    const int Classes = 21;

    static readonly JsonObject cases = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/dense.json")))!["cases"]!.AsObject();
    static readonly TensorFile recorded = TensorFile.Read(Fixtures.Path("reference/dense.safetensors"));

    // Seconds each, float64 above all. Other cases have the same backbone, and the same heads on narrower ones.
    static readonly string[] large = ["sanet-resnet50", "deeplabv3-resnet50", "resnet50, output stride 16"];

    public static TheoryData<string> Names => [.. cases.Select(c => c.Key).Except(large)];

    public static TheoryData<string> LargeNames => [.. large];

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_outputs_and_gradients_are_PyTorchs(string name)
    {
        // float32's own distance from float64 is up to 3e-6 in the dilated ones; two float32 paths are a few times that apart.
        Check(name, cases[name]!, recorded, weights => Build(name, weights), 2e-5);
    }

    [Theory]
    [Trait("Time", "Long")]
    [MemberData(nameof(LargeNames))]
    public void Names_outputs_and_gradients_of_large_ones_are_PyTorchs(string name) => Names_outputs_and_gradients_are_PyTorchs(name);

    static (Module Net, Func<Tensor, Tensor[]> Outputs) Build(string name, Weights weights)
    {
        var definition = Definition(name);
        var net = definition.Build(weights, definition.Task == ModelTask.Classification ? definition.PublishedClasses : Classes);
        return (net, net is ISeveralOutputs several ? several.Outputs : x => [net.Call(x)]);
    }

    static ModelDefinition Definition(string name) => name switch
    {
        "resnet50, output stride 16" =>
            (ResNetClassifierDefinition)Zoo.Find("resnet50") with { Config = ResNetConfig.R50 with { OutputStride = 16 } },
        "unet-resnet18, odd" => Zoo.Find("unet-resnet18"),
        "sanet-resnet50, other choices" => (SANetDefinition)Zoo.Find("sanet-resnet50") with
        {
            SANet = new SANetConfig { Channels = 32, Pool = 3, Activation = SqueezeActivation.Relu, Presence = PresencePooling.Max },
        },
        "sanet-efficientnet, small" => (SANetDefinition)Zoo.Find("sanet-efficientnet-b7") with
        {
            EfficientNet = EfficientNetConfig.Scaled(0.25, 0.5, 0.2) with { OutputStride = 8 },
        },
        _ => Zoo.Find(name),
    };
}
