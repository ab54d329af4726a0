using System.Text.Json.Nodes;
using Hwaso.Graph;
using Hwaso.Models.Decoders;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests;

/// <summary>
/// The contract for every network by name: of those that differ in size alone (their descriptions are the same) the first, which families
/// list
/// smallest first, goes through all of it; the others are counted. A new family is taken in by being in the zoo.
/// </summary>
public sealed class ZooContractTests : TensorTest
{
    // Enough to tell classes from channels, few enough to be quick.
    const int Classes = 7;

    public static TheoryData<string> Smallest => [.. ReducedNetwork.Smallest.Select(d => d.Name)];

    // An attention module is the same code in every form of HRNet: it is checked in one.
    public static TheoryData<string> Distinct => [.. ReducedNetwork.Distinct.Select(d => d.Name)];

    // What does not depend on the decoder is checked in one network of each kind.
    public static TheoryData<string> Kinds => [.. ReducedNetwork.Smallest.Where(d => !d.Name.Contains('+', StringComparison.Ordinal))
        .GroupBy(d => d.GetType()).Select(kind => kind.First().Name)];

    // The weights of a giant fill gigabytes; QueryNetworkTests counts its parameters from shapes.
    public static TheoryData<string> Published => [.. Zoo.All.Where(d => d.PublishedParameters < 500_000_000).Select(d => d.Name)];

    /// <summary>
    /// Key lists recorded from official implementations (tests/fixtures/formula), with the name and classes they belong to.
    /// </summary>
    public static TheoryData<string, string, int> Recorded => new()
    {
        { "hrnetv2_w18.keys.json", "hrnetv2-w18", 19 },
        { "hrnetv2_w18_small_v1.json", "hrnetv2-w18-small-v1", 19 },
        { "hrnetv2_w48.keys.json", "hrnetv2-w48", 59 },
        { "hrnetv2_w48_ocr.keys.json", "hrnetv2-w48-ocr", 19 },
        { "../detection/faster_rcnn_hrnetv2p_w18.json", "faster-rcnn-hrnetv2p-w18", 80 },
        { "../detection/torchvision_fasterrcnn_resnet50_fpn.json", "fasterrcnn-resnet50-fpn", 90 },
        { "hrnet_pose_w32.keys.json", "hrnet-w32-pose", 17 },
        { "dinov2_vits14.keys.json", "dinov2-vits14", 0 },
        { "torchvision_resnet50.json", "resnet50", 1000 },
        { "torchvision_fcn_resnet50.json", "fcn-resnet50", 21 },
        { "torchvision_deeplabv3_resnet50.keys.json", "deeplabv3-resnet50", 21 },
        { "encoding_fcn_resnet50.keys.json", "encoding-fcn-resnet50", 59 },
        { "encoding_fcn_resnet50s.keys.json", "encoding-fcn-resnet50s", 59 },
        { "torchvision_efficientnet_b0.keys.json", "efficientnet-b0", 1000 },
        { "torchvision_efficientnet_b0_features.keys.json", "efficientnet-b0-features", 0 },
        { "smp_unet_resnet18.json", "unet-resnet18", 5 },
        { "smp_unet_resnet50.keys.json", "unet-resnet50", 21 },
    };

    [Theory]
    [MemberData(nameof(Smallest))]
    public void Answers_in_the_shapes_of_its_task(string name) => NetworkContract.Answers_in_the_shapes_of_its_task(Case(name));

    [Theory]
    [MemberData(nameof(Distinct))]
    public void Gradients_reach_every_weight(string name) => NetworkContract.Gradients_reach_every_weight(Case(name));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Answers_the_same_after_saving_and_loading(string name) =>
        NetworkContract.Answers_the_same_after_saving_and_loading(Case(name));

    [Theory]
    [MemberData(nameof(Distinct))]
    public void Its_graph_has_the_parameters_of_its_weights(string name) =>
        NetworkContract.Its_graph_has_the_parameters_of_its_weights(Case(name, deployed: true));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Leaves_no_tensor_behind(string name) => NetworkContract.Leaves_no_tensor_behind(Case(name));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Learns_statistics_only_in_training(string name) => NetworkContract.Learns_statistics_only_in_training(Case(name));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_same_seed_gives_the_same_weights(string name) => NetworkContract.The_same_seed_gives_the_same_weights(Case(name));

    [Theory]
    [MemberData(nameof(Published))]
    public void Has_as_many_parameters_as_published(string name)
    {
        var definition = Zoo.Find(name).Deployed();
        var count = 0L;
        Net Build(Weights w)
        {
            var net = definition.Build(w, definition.PublishedClasses);
            count = w.Parameters.Sum(p => p.Value.Elements);
            return net;
        }
        var (height, width) = definition.UsualSize();
        // Shapes will do: the weights of all of them fill gigabytes.
        if (definition is not DetectorDefinition)
            NetworkGraph.Sketch(Build, [1, 3, height, width]);
        else
            using (var weights = Weights.Create(initialise: false))
                Build(weights);
        Assert.Equal(definition.PublishedParameters, count);
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Names_and_shapes_are_the_recorded_ones_in_order(string file, string name, int classes)
    {
        var recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path($"formula/{file}")))!;
        using var weights = Weights.Create(initialise: false);
        Zoo.Find(name).Build(weights, classes);
        Assert.Equal(
            recorded["state_dict"]!.AsObject().Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
        Assert.Equal(recorded["params"]!.GetValue<long>(), weights.ParameterCount);
    }

    [Fact]
    public void Names_are_unique_and_found()
    {
        Assert.Equal(Zoo.All.Count, Zoo.All.Select(d => d.Name).Distinct().Count());
        Assert.All(Zoo.All, d => Assert.Same(d, Zoo.Find(d.Name)));
    }

    static NetworkCase Case(string name, bool deployed = false)
    {
        var definition = ReducedNetwork.Of(deployed ? Zoo.Find(name).Deployed() : Zoo.Find(name));
        var classes = definition.HasClasses ? Classes : 0;
        return new NetworkCase(name, definition.Task, w => definition.Build(w, classes))
        {
            Classes = classes,
            Outputs = Outputs,
            Input = definition switch
            {
                // Whole patches of 14 pixels.
                DinoDefinition => [2, 3, 56, 84],
                // Its pyramid halves a map at a sixteenth of the image's size three times.
                EncoderDecoderDefinition { Decoder: PanDecoder } => [2, 3, 128, 160],
                _ => [2, 3, 64, 96],
            },
            Idle = Idle(definition),
            IsTakenAway = key => definition switch
            {
                EncoderDecoderDefinition { Decoder: PanDecoder } => key.EndsWith(".conv.bias", StringComparison.Ordinal),
                BiSeNetV2Definition => key == "segment.S5_5.bn.bias",
                _ => false,
            },
        };
    }

    /// <summary>A network whose heads learn from outputs of their own says so here.</summary>
    static Tensor[] Outputs(Module net, Tensor x) => net switch
    {
        ISeveralOutputs several => several.Outputs(x),
        Net other => [other.Call(x)],
        _ => throw new ArgumentException($"{net.GetType().Name}: say how its outputs are asked for"),
    };

    static Dictionary<string, string> Idle(ModelDefinition definition)
    {
        const string Mask = "masking belongs to the pre-training, which is not here",
            Norm = "depth heads look at tokens before the final norm",
            Unused = "it stands in the authors' files and takes no part there either";
        return definition switch
        {
            DinoDefinition { Head: null } or DinoV3Definition => new() { ["mask_token"] = Mask },
            DinoDefinition => new() { ["backbone.mask_token"] = Mask, ["backbone.norm.weight"] = Norm, ["backbone.norm.bias"] = Norm },
            EncoderDecoderDefinition { Decoder: PspDecoder } => Deep(definition),
            StdcDefinition { Config.Auxiliary: true } => new[]
            {
                "conv_last.conv.weight", "conv_last.bn.weight", "conv_last.bn.bias", "fc.weight", "bn.weight", "bn.bias", "linear.weight",
            }.Select(key => $"cp.backbone.{key}").Concat(new[] { "conv.conv.weight", "conv.bn.weight", "conv.bn.bias", "conv_out.weight" }
                .Select(key => $"conv_out_sp16.{key}")).ToDictionary(key => key, _ => Unused),
            SegFormerDefinition => new() { ["decode_head.conv_seg.weight"] = Unused, ["decode_head.conv_seg.bias"] = Unused },
            _ => [],
        };
    }

    /// <summary>The stages behind the map that a PSPNet decodes.</summary>
    static Dictionary<string, string> Deep(ModelDefinition definition)
    {
        using var weights = Weights.Create(initialise: false);
        definition.Build(weights, Classes);
        return weights.Parameters.Select(p => p.Key)
            .Where(key => key.StartsWith("encoder.layer3.", StringComparison.Ordinal)
                || key.StartsWith("encoder.layer4.", StringComparison.Ordinal))
            .ToDictionary(key => key, _ => "released with the network, which stops at an eighth of the image's size");
    }
}
