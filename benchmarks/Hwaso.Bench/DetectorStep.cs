using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models.Detectors;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>A step of Faster R-CNN on HRNetV2p-W18 on one image, as peers/boxes.py has it.</summary>
sealed class DetectorStep : Case
{
    const int Objects = 8, All = 1_000_000;

    // What brings the levels of a network with the formula's weights near one.
    static readonly (string Key, double Factor)[] scales =
        [("neck.reduction_conv.0.weight", 1.0 / 4096), ("rpn_head.rpn_reg.weight", 0.125), ("bbox_head.fc_reg.weight", 0.125)];

    readonly Weights weights = Weights.Create(initialise: false);
    readonly Detector net;
    readonly Sgd sgd;
    readonly Tensor image;
    readonly DetectorImage[] images;
    readonly DetectorTruth[] truths;

    public DetectorStep(JsonObject request)
    {
        using var scope = new Scope();
        var (height, width) = (request["size"]![0]!.GetValue<int>(), request["size"]![1]!.GetValue<int>());
        net = ((DetectorDefinition)Zoo.Find("faster-rcnn-hrnetv2p-w18")).Build(weights, 80);
        using (new NoGrad())
        {
            foreach (var (key, tensor) in weights.State)
                tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
            foreach (var (key, factor) in scales)
                Aten.Mul_(weights[key], factor);
        }
        weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
        net.Train();
        BatchNormFreezing.FreezeStatistics(weights);
        image = Tensor.From(FormulaWeights.Fill("input", 1, 3, height, width)).Contiguous(MemoryFormat.ChannelsLast).Own();
        images = [new DetectorImage(height, width)];
        var boxes = FormulaBoxes.Of(Objects, 32, 200).Boxes;
        truths =
        [
            new DetectorTruth(
                [.. boxes.Select(b => b.Scaled((float)width / FormulaBoxes.Side, (float)height / FormulaBoxes.Side))],
                [.. Enumerable.Range(0, Objects)]),
        ];
        sgd = new Sgd([new ParameterGroup(weights.Parameters.ToArray(), 1, 0.0001)], 1e-6, momentum: 0.9);
    }

    public override void WarmUp()
    {
        using (new Scope())
        using (new NoGrad())
            Value = Loss(new SampleCounts(All, All)).Item();
        for (var k = 0; k < 3; k++)
            Run();
    }

    public override void Run()
    {
        using var scope = new Scope();
        sgd.ZeroGrad();
        var loss = Loss(new SampleCounts());
        loss.Backward();
        GradientClipping.Clip(sgd.Groups, 35);
        sgd.Step();
        loss.Item();
    }

    public override void Dispose()
    {
        sgd.Dispose();
        image.Dispose();
        weights.Dispose();
    }

    Tensor Loss(SampleCounts counts) => new DetectorLosses(net, counts).Of(image, images, truths, new Random(1)).Total;
}
