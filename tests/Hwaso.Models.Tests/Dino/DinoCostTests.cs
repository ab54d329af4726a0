using Hwaso.Graph;
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests.Dino;

/// <summary>Parameters and multiply-adds against those measured on the official implementation at 518×518.</summary>
public sealed class DinoCostTests : TensorTest
{
    public static TheoryData<DinoConfig, long, long> Official => new()
    {
        { DinoConfig.ViTS14, 22_056_576, 29_399_228_928 },
        { DinoConfig.ViTB14, 86_580_480, 116_978_697_216 },
    };

    [Theory]
    [MemberData(nameof(Official))]
    public void The_transformer_costs_what_the_official_one_costs(DinoConfig config, long parameters, long macs)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var cost = Cost.Of(NetworkGraph.Of(new DinoVisionTransformer(weights, config), Tensor.Zeros([1, 3, 518, 518])));
        Assert.Equal(parameters, weights.ParameterCount);
        Assert.Equal(macs, cost.Macs);
        // Two products of 1370×1370 by D in every block: queries with keys, weights with values.
        Assert.Equal(2L * config.Depth * 1370 * 1370 * config.Width, cost.MacsAll - cost.Macs);
    }
}
