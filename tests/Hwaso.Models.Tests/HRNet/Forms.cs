using Hwaso.Checkpoints;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Tests.HRNet;

/// <summary>A network of any of HRNet's forms, all of whose outputs can be asked for.</summary>
sealed record Forms(Module Net, Func<Tensor, Tensor[]> Outputs)
{
    /// <summary>The network that fixtures/reference/hrnet_forms.json names.</summary>
    public static Forms Build(Weights w, string name)
    {
        var plain = name.Split('+')[0];
        var config =
            HRNetConfig.W18SmallV1 with
            {
                Attention =
            name.Contains('+', StringComparison.Ordinal) ? Zoo.FindAttention(name.Split('+')[1]) : null
            };
        return plain switch
        {
            "hrnet-w18-small-v1-pose" => Of(new HRNetPose(w, config)),
            "hrnet-w18-small-v1-cls" => Of(new HRNetClassifier(w, config)),
            "hrnetv2p-w18-small-v1" => Of(new HRNetV2p(w, config)),
            "hrnetv2-w18-small-v1-ocr" => Of(new HRNetOcr(w, config with { AlignCorners = true }, new OcrConfig(), 19)),
            _ => throw new ArgumentException(name),
        };
    }

    public static Forms Of(Net net) => new(net, x => [net.Call(x)]);

    public static Forms Of(HRNetV2p net) => new(net, net.Call);

    public static Forms Of(HRNetOcr net) => new(net, net.Outputs);

    /// <summary>The widths of fixtures/small: one module a stage, two blocks a branch, 8 channels at the finest.</summary>
    public static HRNetConfig Reduced(int stage1Blocks, int stage1Channels) => new()
    {
        Stage1Blocks = stage1Blocks,
        Stage1Channels = stage1Channels,
        Stage2 = new(1, [2, 2], [8, 16]),
        Stage3 = new(1, [2, 2, 2], [8, 16, 32]),
        Stage4 = new(1, [2, 2, 2, 2], [8, 16, 32, 64]),
    };

    public static void FillByFormula(Weights weights)
    {
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
    }
}
