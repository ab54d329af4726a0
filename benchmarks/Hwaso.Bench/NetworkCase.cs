using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Bench;

/// <summary>A network whose weights and image follow from the formula rule, as on the other side.</summary>
abstract class NetworkCase : Case
{
    protected NetworkCase(JsonObject request)
    {
        using var scope = new Scope();
        var definition = Zoo.FindSegmentation(request["network"]!.GetValue<string>());
        // Dropout would draw other numbers than the other side.
        if (definition is FcnDefinition fcn)
            definition = fcn with { Fcn = fcn.Fcn with { Auxiliary = false, Dropout = 0 } };
        Classes = request["classes"]?.GetValue<int>() ?? 19;
        Batch = request["batch"]!.GetValue<int>();
        Size = (request["size"]![0]!.GetValue<int>(), request["size"]![1]!.GetValue<int>());
        Weights = Weights.Create(initialise: false);
        Net = definition.Build(Weights, Classes);
        foreach (var (key, tensor) in Weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        var format = request["format"]!.GetValue<string>() == "channels_last" ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous;
        Weights.UseMemoryFormat(format);
        OwnKernels = request["kernels"]?.GetValue<string>() == "hwaso";
        if (OwnKernels)
            Weights.UseOwnKernels();
        Image = Tensor.From(FormulaWeights.Fill("input", Batch, 3, Size.Height, Size.Width)).Contiguous(format).Own();
    }

    /// <summary>Whether Hwaso's own kernels compute where there are such.</summary>
    protected bool OwnKernels { get; }

    protected Weights Weights { get; }

    protected SegmentationNet Net { get; }

    protected Tensor Image { get; }

    protected int Classes { get; }

    protected int Batch { get; }

    protected (int Height, int Width) Size { get; }

    public override void Dispose()
    {
        Image.Dispose();
        Weights.Dispose();
    }
}
