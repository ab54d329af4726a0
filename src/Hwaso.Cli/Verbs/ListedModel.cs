using Hwaso.Graph;
using Hwaso.Graph.Drawing;
using Hwaso.Models;

namespace Hwaso.Cli.Verbs;

/// <summary>One network as <c>hwaso models</c> lists it: what is deployed, with its published classes, at its usual size.</summary>
/// <param name="Definition">The network.</param>
/// <param name="Parameters">Learnable parameters.</param>
/// <param name="Macs">Multiply-adds of convolution and linear layers, one image.</param>
/// <param name="MacsAll">Those and every other matrix product.</param>
sealed record ListedModel(ModelDefinition Definition, long Parameters, long Macs, long MacsAll)
{
    /// <summary>Builds it in shapes alone and counts.</summary>
    public static ListedModel Of(ModelDefinition definition)
    {
        var (graph, parameters) = Sketched(definition);
        var cost = Cost.Of(graph);
        return new ListedModel(definition, parameters, cost.Macs, cost.MacsAll);
    }

    /// <summary>Its drawing as SVG, as it is listed.</summary>
    public string Drawing() => Draw.Svg(Sketched(Definition).Graph, Definition.Name);

    static (NetworkGraph Graph, long Parameters) Sketched(ModelDefinition definition)
    {
        var (height, width) = definition.UsualSize();
        long parameters = 0;
        var graph = NetworkGraph.Sketch(w =>
        {
            var net = definition.Deployed().Build(w, definition.PublishedClasses);
            parameters = w.ParameterCount;
            return net;
        }, [1, 3, height, width]);
        return (graph, parameters);
    }

    /// <summary>The input that it is counted at, height x width.</summary>
    public string Size => $"{Definition.UsualSize().Height}x{Definition.UsualSize().Width}";
}
