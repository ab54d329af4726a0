using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>A function of tensors on a device beside the same on the processor in float64, which is the reference for every type.</summary>
static class DeviceComparison
{
    /// <summary>Compares value and gradients of random inputs: in float64, in float32, and there with channels last.</summary>
    /// <param name="device">The device.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="function">The function; it is differentiable in every input.</param>
    /// <param name="exact">What is allowed in float64.</param>
    /// <exception cref="CheckException">Numbers differ.</exception>
    public static string Compare(Device device, long[][] shapes, Func<Tensor[], Tensor> function, double exact = Numbers.Exact)
    {
        using var scope = new Scope();
        RandomState.Seed(1);
        var inputs = shapes.Select(s => Tensor.Randn(s, ScalarType.Float64)).ToArray();
        var expected = Values(inputs, function);
        string Beside(string what, double limit, Func<Tensor, Tensor> convert)
        {
            var actual = Values([.. inputs.Select(i => convert(i.To(device)))], function);
            return Numbers.Within(limit, what, expected.Zip(actual).Max(p => Numbers.Error(p.First, p.Second)));
        }
        var found = new List<string>
        {
            Beside("float64", exact, x => x),
            Beside("float32", Numbers.Single, x => x.To(ScalarType.Float32)),
        };
        if (shapes.Any(s => s.Length == 4))
            found.Add(Beside("channels last", Numbers.Single, x => x.Dimensions == 4
                ? x.To(ScalarType.Float32).Contiguous(MemoryFormat.ChannelsLast) : x.To(ScalarType.Float32)));
        return string.Join(", ", found);
    }

    /// <summary>The value, and the gradient of each input for weights that no two elements share.</summary>
    static double[][] Values(Tensor[] inputs, Func<Tensor[], Tensor> function)
    {
        using var scope = new Scope();
        var leaves = inputs.Select(i => i.Detach()).ToArray();
        foreach (var leaf in leaves)
            leaf.RequiresGrad = true;
        var output = function(leaves);
        var weights = Tensor.From([.. Enumerable.Range(0, (int)output.Elements).Select(k => Math.Cos(k + 1.0))], output.Shape)
            .To(output.Device).To(output.Type);
        return [Numbers.Of(output), .. Gradients.Of((output * weights).Sum(), leaves).Select(Numbers.Of)];
    }
}
