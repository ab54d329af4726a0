using System.Text.RegularExpressions;
using Hwaso.Graph;
using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Tests;

namespace Documentation.Tests;

public sealed partial class LightNetTests : TensorTest
{
    [Fact]
    public void Network_on_the_page_is_the_one_that_is_tested_here()
    {
        var page = Block().Match(File.ReadAllText(RepositoryRoot.File("docs", "add-a-network.md"))).Groups[1].Value;
        Assert.Equal(File.ReadAllText(RepositoryRoot.File("tests", "Hwaso.Models.Tests", "Documentation", "LightNet.cs")), page);
    }

    [Fact]
    public void Cost_on_the_page_is_what_the_graph_says()
    {
        using var weights = Weights.Create();
        var net = new LightNet(weights, new LightConfig(), classes: 19);
        // By hand, at 64×128: 3·16·9 a pixel at 32×64 for the stem; 2 convolutions of 16·16·9 there; 16·32·9 + 32·32·9 + 16·32 at 16×32;
        // 32·64·9 + 64·64·9 + 32·64 at 8×16; 64·19 there.
        long macs = (3 * 16 * 9 + 2 * 16 * 16 * 9) * 32 * 64 + (16 * 32 * 9 + 32 * 32 * 9 + 16 * 32) * 16 * 32 + (32 * 64 * 9 + 64 * 64 * 9 + 32 * 64 + 64 * 19) * 8 * 16;
        Assert.Equal(macs, Cost.Of(NetworkGraph.Of(net, [1, 3, 64, 128])).Macs);
    }

    [Fact]
    public void Attention_stands_in_every_block()
    {
        using var weights = Weights.Create();
        var graph = NetworkGraph.Of(new LightNet(weights, new LightConfig { Attention = new PsaSpatial() }, classes: 19), [1, 3, 64, 128]);
        Assert.Equal(["blocks.0.deattn", "blocks.1.deattn", "blocks.2.deattn"], graph.Places.Where(p => p.Kind == nameof(PsaSpatialNet)).Select(p => p.Path));
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
