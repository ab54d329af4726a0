using Hwaso.Checkpoints;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>Autocast in bfloat16 and float16, and the scaling of losses.</summary>
static class PrecisionChecks
{
    // A narrow number is off by at most these shares of itself.
    static readonly Dictionary<ScalarType, double> rounding =
        new() { [ScalarType.BFloat16] = 1.0 / 256, [ScalarType.Float16] = 1.0 / 2048 };

    public static void Run(CheckReport report, Device device)
    {
        // On processors float16 is not offered.
        var types = device.Type == DeviceType.Cpu ? [ScalarType.BFloat16] : new[] { ScalarType.BFloat16, ScalarType.Float16 };
        foreach (var type in types)
        {
            report.Run($"{type}: products and convolutions alone are narrow", () => Types(device, type));
            report.Run($"{type}: hrnetv2-w18-small-v1 beside float64", () => Network(device, type));
            report.Run($"{type}: gradients of a scaled loss", () => Scaled(device, type));
        }
        if (device.Type == DeviceType.Cuda)
            report.Run("Float16: a step that overflows is left out, and the scale halved until none does", () => Overflow(device));
    }

    static string Types(Device device, ScalarType type)
    {
        using var scope = new Scope();
        var (x, w) = (Tensor.Randn([2, 8, 6, 6], device: device), Tensor.Randn([8, 8, 3, 3], device: device));
        var square = Tensor.Randn([4, 4], device: device);
        using var narrow = new Autocast(device, type);
        ScalarType[] found = [Aten.Conv2d(x, w).Type, square.MatMul(square).Type, (x + x).Type, x.Softmax(1).Type];
        ScalarType[] wanted = [type, type, ScalarType.Float32, ScalarType.Float32];
        return found.SequenceEqual(wanted) ? "convolution, product narrow; sum, softmax wide"
            : throw new CheckException($"convolution, product, sum, softmax are {string.Join(", ", found)}");
    }

    static string Network(Device device, ScalarType type)
    {
        double[] Answer(Device on, ScalarType weightType, ScalarType? compute)
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            using var weights = Weights.Create(on, weightType, initialise: false);
            var net = Zoo.FindSegmentation("hrnetv2-w18-small-v1").Build(weights, 19);
            foreach (var (key, tensor) in weights.State)
                tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
            net.Eval();
            var image = Tensor.From(FormulaWeights.Fill("input", 1, 3, 64, 96)).To(weightType).To(on);
            using (compute is { } t ? new Autocast(on, t) : default)
                return Numbers.Of(net.Call(image));
        }
        var error = Numbers.Distance(Answer(Device.Cpu, ScalarType.Float64, null), Answer(device, ScalarType.Float32, type));
        // Some fifty convolutions in a row, each rounding inputs, weights and results: √150 of one rounding, for errors of random signs.
        return error > 0 ? Numbers.Within(12 * rounding[type], "logits", error) : throw new CheckException("nothing was rounded");
    }

    static string Scaled(Device device, ScalarType type)
    {
        double[] Gradient(Device on, ScalarType weightType, ScalarType? compute, LossScaler? scaler)
        {
            using var scope = new Scope();
            RandomState.Seed(5);
            var x = Tensor.Randn([4, 8, 12, 12], ScalarType.Float64).To(weightType).To(on);
            var w = Tensor.Randn([8, 8, 3, 3], ScalarType.Float64).To(weightType).To(on).Detach();
            w.RequiresGrad = true;
            Tensor y;
            using (compute is { } t ? new Autocast(on, t) : default)
                y = Aten.Conv2d(x, w, padding: [1, 1]);
            // So small that float16 alone would lose the gradients: its least number is 6e-8.
            var loss = y.To(weightType == ScalarType.Float64 ? weightType : ScalarType.Float32).Mean() * 1e-4;
            (scaler?.Scaled(loss) ?? loss).Backward();
            var groups = new[] { new ParameterGroup([KeyValuePair.Create("w", w)]) };
            if (scaler?.Unscale(groups) == false)
                throw new CheckException($"the gradients overflow at a scale of {scaler.Scale * 2}");
            return Numbers.Of(w.Grad!);
        }
        var expected = Gradient(Device.Cpu, ScalarType.Float64, null, null);
        var actual = Gradient(device, ScalarType.Float32, type, new LossScaler());
        // Each is a sum over 500 products of one rounding each, of random signs.
        return Numbers.Within(4 * rounding[type], "gradients", Numbers.Error(expected, actual));
    }

    static string Overflow(Device device)
    {
        using var scope = new Scope();
        var weight = Tensor.Ones([16, 16], device: device);
        weight.RequiresGrad = true;
        using var optimiser = new Sgd([new ParameterGroup([KeyValuePair.Create("weight", weight)])], 0.01);
        var scaler = new LossScaler();
        var leftOut = 0;
        for (var step = 0; step < 40; step++)
        {
            optimiser.ZeroGrad();
            Tensor y;
            using (new Autocast(device, ScalarType.Float16))
                y = Tensor.Ones([16, 16], device: device).MatMul(weight);
            // Each element's gradient is 100 times the scale: above float16's 65,504 until the scale is 512.
            scaler.Scaled(y.To(ScalarType.Float32).Sum() * 100).Backward();
            if (scaler.Unscale(optimiser.Groups))
                optimiser.Step();
            else
                leftOut++;
        }
        return leftOut > 0 && scaler.Scale * 100 <= 65504 && weight.ToArray<float>().All(float.IsFinite)
            ? $"{leftOut} steps left out, scale {scaler.Scale}"
            : throw new CheckException($"{leftOut} steps left out, scale {scaler.Scale}");
    }
}
