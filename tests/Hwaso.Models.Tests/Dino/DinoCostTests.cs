using Hwaso.Graph;
using Hwaso.Models.Backbones;
using Hwaso.Tests;

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
        var cost = Cost.Of(NetworkGraph.Sketch(w => new DinoVisionTransformer(w, config), [1, 3, 518, 518]));
        // The mask token takes no part in the transformer's answer.
        Assert.Equal(parameters, cost.Parameters + config.Width);
        Assert.Equal(macs, cost.Macs);
        // Two products of 1370×1370 by D in every block: queries with keys, weights with values.
        Assert.Equal(2L * config.Depth * 1370 * 1370 * config.Width, cost.MacsAll - cost.Macs);
    }
}
