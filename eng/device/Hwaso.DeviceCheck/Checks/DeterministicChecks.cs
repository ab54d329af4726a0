using Hwaso.Checkpoints;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>Whether training steps repeat their bits in deterministic processes: every segmentation network, every loss.</summary>
static class DeterministicChecks
{
    const int Classes = 5, Height = 64, Width = 96;

    public static void Run(CheckReport report, Device device)
    {
        TorchInfo.IsDeterministic = true;
        foreach (var definition in NetworkChecks.Architectures.OfType<SegmentationDefinition>())
            report.Run($"three steps of {definition.Name}", () => Twice(() => Train(definition, device, new CrossEntropy(), null)));
        var small = Zoo.FindSegmentation("hrnetv2-w18-small-v1+psa-spatial");
        (string Name, Func<IPixelLoss> Make)[] losses =
        [
            ("focal", () => new Focal()), ("dice", () => new Dice()), ("Lovász", () => new LovaszSoftmax()),
            ("hard pixels", () => new HardPixels(keep: 1000)),
        ];
        foreach (var (name, make) in losses)
            report.Run($"three steps with the loss {name}", () => Twice(() => Train(small, device, make(), null)));
        report.Run("three steps of hrnetv2-w18-small-v1+psa-spatial in BFloat16",
            () => Twice(() => Train(small, device, new CrossEntropy(), ScalarType.BFloat16)));
        TorchInfo.IsDeterministic = false;
    }

    static string Twice(Func<string> train)
    {
        var (first, second) = (train(), train());
        return first == second ? $"same bits ({first[..8]})" : throw new CheckException("two runs ended with different bits");
    }

    /// <summary>The bits of all weights after three steps from the rule's.</summary>
    static string Train(SegmentationDefinition definition, Device device, IPixelLoss loss, ScalarType? compute)
    {
        using (loss)
        using (new Scope())
        {
            using var weights = Weights.Create(device, initialise: false);
            var net = definition.Build(weights, Classes);
            foreach (var (key, tensor) in weights.State)
                tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
            RandomState.Seed(6);
            var image = Tensor.From(FormulaWeights.Fill("input", 2, 3, Height, Width)).To(device);
            var classes = Enumerable.Range(0, 2 * Height * Width).Select(k => (long)(k / 37 % Classes));
            var labels = Tensor.From([.. classes], 2, Height, Width).To(device);
            using var optimiser = new Sgd([new ParameterGroup([.. weights.Parameters])], 0.01, momentum: 0.9);
            for (var step = 0; step < 3; step++)
                optimiser.Minimise(() =>
                {
                    Tensor logits;
                    using (compute is { } type ? new Autocast(device, type) : default)
                        logits = net.Call(image);
                    return loss.Of(logits.To(ScalarType.Float32), labels);
                });
            return Numbers.Bits(weights.State);
        }
    }
}
