using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>Losses with gradients, and optimisers, beside the processor's.</summary>
static class LossChecks
{
    const int Classes = 5, Ignored = 255, Height = 16, Width = 20;

    public static void Run(CheckReport report, Device device)
    {
        double[] weights = [1, 2, 0.5, 1, 3];
        (string Name, Func<IPixelLoss> Make)[] losses =
        [
            ("cross entropy", () => new CrossEntropy()),
            ("cross entropy, weights and smoothing", () => new CrossEntropy(classWeights: weights, labelSmoothing: 0.1)),
            ("cross entropy, a class without weight", () => new CrossEntropy(classWeights: [0, 1, 1, 1, 1])),
            ("focal", () => new Focal()),
            ("dice", () => new Dice()),
            ("Lovász", () => new LovaszSoftmax()),
            ("hard pixels", () => new HardPixels(keep: 100)),
        ];
        foreach (var (name, make) in losses)
            report.Run(name, () =>
            {
                using var loss = make();
                return DeviceComparison.Compare(device, [[2, Classes, Height / 2, Width / 2]], x => loss.Of(x[0], Labels(x[0].Device)));
            });
        report.Run("cross entropy of nothing but ignored pixels", () =>
        {
            using var scope = new Scope();
            using var loss = new CrossEntropy();
            var logits = Tensor.Ones([1, Classes, 4, 4], device: device);
            logits.RequiresGrad = true;
            var value = loss.Of(logits, Aten.Full([1, 4, 4], Ignored, ScalarType.Int64, device));
            value.Backward();
            return value.Item() == 0 && Numbers.Of(logits.Grad!).All(g => g == 0) ? "0, with gradients of 0"
                : throw new CheckException($"{value.Item()}, with gradients up to {Numbers.Of(logits.Grad!).Max(Math.Abs)}");
        });
        report.Run("class presence", () => DeviceComparison.Compare(device, [[2, Classes]],
            x => new ClassPresence().Of(x[0], Labels(x[0].Device))));
        (string Name, Func<ParameterGroup, Optimiser> Make)[] optimisers =
        [
            ("SGD with momentum", g => new Sgd([g], 0.01, momentum: 0.9)),
            ("SGD, Nesterov", g => new Sgd([g], 0.01, momentum: 0.9, nesterov: true)),
            ("Adam", g => new Adam([g], 0.01)),
            ("AdamW", g => new Adam([g], 0.01, decoupled: true)),
        ];
        foreach (var (name, make) in optimisers)
            report.Run(name,
                () => Numbers.Within(Numbers.Exact, "five steps", Numbers.Error(Steps(Device.Cpu, make), Steps(device, make))));
    }

    static Tensor Labels(Device device) => Tensor.From(
        [.. Enumerable.Range(0, 2 * Height * Width).Select(k => (long)(k * 7919 % (Classes + 1))).Select(l => l == Classes ? Ignored : l)],
        2, Height, Width).To(device);

    static double[] Steps(Device device, Func<ParameterGroup, Optimiser> make)
    {
        using var scope = new Scope();
        RandomState.Seed(3);
        var weight = Tensor.Randn([4, 6], ScalarType.Float64).To(device).Detach();
        weight.RequiresGrad = true;
        using var optimiser = make(new ParameterGroup([KeyValuePair.Create("weight", weight)], WeightDecay: 0.01));
        for (var step = 0; step < 5; step++)
            optimiser.Minimise(() => (weight * weight * weight * weight).Sum() + Aten.Exp(weight).Sum());
        return Numbers.Of(weight);
    }
}
