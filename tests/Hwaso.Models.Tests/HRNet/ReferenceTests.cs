using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Tests;

namespace Hwaso.Models.Tests.HRNet;

/// <summary>
/// Every form, plain and with attention, against a plain PyTorch of the same structure, weights by the formula
/// (tests/fixtures/reference/hrnet_forms.*).
/// </summary>
public sealed class ReferenceTests : ReferenceTest
{
    static readonly JsonObject cases = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/hrnet_forms.json")))!["cases"]!.AsObject();
    static readonly TensorFile recorded = TensorFile.Read(Fixtures.Path("reference/hrnet_forms.safetensors"));

    public static TheoryData<string> Names => [.. cases.Select(c => c.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_outputs_and_gradients_are_PyTorchs(string name)
    {
        // float32's own distance from float64 is at most 7e-7 in these; two float32 paths are a few times that apart.
        Check(name, cases[name]!, recorded, weights =>
        {
            var network = Forms.Build(weights, name);
            return (network.Net, network.Outputs);
        }, 5e-6);
    }
}
