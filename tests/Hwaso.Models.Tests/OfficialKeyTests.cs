using System.Text.Json.Nodes;
using Hwaso.Nn;
using Hwaso.Tests;

namespace Hwaso.Models.Tests;

/// <summary>Names and shapes of full-size networks, in order, and parameters, against those of the official implementations (tests/fixtures/formula).</summary>
public sealed class OfficialKeyTests : TensorTest
{
    [Theory]
    [InlineData("resnet50", 1000, "torchvision_resnet50.json")]
    [InlineData("fcn-resnet50", 21, "torchvision_fcn_resnet50.json")]
    [InlineData("deeplabv3-resnet50", 21, "torchvision_deeplabv3_resnet50.keys.json")]
    [InlineData("encoding-fcn-resnet50", 59, "encoding_fcn_resnet50.keys.json")]
    [InlineData("encoding-fcn-resnet50s", 59, "encoding_fcn_resnet50s.keys.json")]
    public void Names_shapes_and_parameters_are_the_official_ones(string name, int classes, string fixture)
    {
        using var weights = Weights.Create(initialise: false);
        Zoo.Find(name).Build(weights, classes);
        var listed = JsonNode.Parse(File.ReadAllText(Fixtures.Path($"formula/{fixture}")))!;
        Assert.Equal(
            listed["state_dict"]!.AsObject().Select(k => $"{k.Key} {k.Value!.ToJsonString()}"),
            weights.State.Select(s => $"{s.Key} [{string.Join(",", s.Value.Shape)}]"));
        Assert.Equal(listed["params"]!.GetValue<long>(), weights.ParameterCount);
    }
}
