using Hwaso.Graph;
using Hwaso.Graph.Drawing;
using Hwaso.Models;
using Hwaso.Models.Networks;

namespace Hwaso.Inference.Networks;

/// <summary>A network as it is deployed, recorded in shapes alone at one size of image: its parameters, cost, layers and drawing.</summary>
/// <param name="Definition">The network.</param>
/// <param name="Parameters">Learnable parameters.</param>
/// <param name="Graph">The recorded forward.</param>
public sealed record NetworkProfile(ModelDefinition Definition, long Parameters, NetworkGraph Graph)
{
    /// <summary>Multiply-adds of one image.</summary>
    public Cost Cost { get; } = Cost.Of(Graph);

    /// <summary>Records a network without computing anything.</summary>
    /// <param name="definition">The network; parts that serve training alone are left out.</param>
    /// <param name="classes">K; without effect where the network has no classes.</param>
    /// <param name="height">Height of the image.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="proposals">Boxes that a detector's head looks at; without effect on other networks.</param>
    /// <exception cref="Torch.TorchException">The network does not take images of this size.</exception>
    public static NetworkProfile Of(ModelDefinition definition, int classes, int height, int width, int? proposals = null)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var deployed = definition.Deployed();
        if (deployed is DetectorDefinition detector && proposals is { } count)
            deployed = detector with { Detection = detector.Detection with { Proposals = count } };
        long parameters = 0;
        var graph = NetworkGraph.Sketch(w =>
        {
            var net = deployed.Build(w, classes);
            parameters = w.ParameterCount;
            return net;
        }, [1, definition.ImageChannels, height, width]);
        return new NetworkProfile(definition, parameters, graph);
    }

    /// <summary>The layers, leaves of the network's modules.</summary>
    public IReadOnlyList<LayerRow> Layers() => LayerTable.Leaves(Graph);

    /// <summary>A drawing of the network, block by block, as SVG.</summary>
    public string Drawing() => Draw.Svg(Graph, Definition.Name);
}
