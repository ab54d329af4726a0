using System.Text.Json.Nodes;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>A 3×3 deformable convolution, C to C, of one square image: forward alone, or with the gradients of everything.</summary>
sealed class DeformConvolutionCase : Case
{
    static readonly long[] one = [1, 1];

    readonly Tensor[] inputs;
    readonly bool backward;

    public DeformConvolutionCase(JsonObject request, bool backward)
    {
        using var scope = new Scope();
        this.backward = backward;
        long channels = request["channels"]!.GetValue<long>(), side = request["side"]!.GetValue<long>();
        // Offsets of up to two pixels.
        inputs = [Make("input", 2, 1, channels, side, side), Make("offset", 4, 1, 18, side, side),
            Make("weight", 0.1, channels, channels, 3, 3)];
        foreach (var tensor in inputs)
            tensor.RequiresGrad = backward;
    }

    public override void WarmUp()
    {
        // Past the just-in-time compiler's tiers.
        for (var k = 0; k < 30; k++)
            Run();
        using var scope = new Scope();
        var output = DeformConvolution.Apply(inputs[0], inputs[1], inputs[2], padding: one);
        // Of everything that was timed: the result, or every gradient.
        Value = backward
            ? Gradients.Of(output, inputs, output.Detach()).Sum(g => Aten.Abs(g).Mean().Item())
            : Aten.Abs(output).Mean().Item();
    }

    public override void Run()
    {
        using var scope = new Scope();
        var output = DeformConvolution.Apply(inputs[0], inputs[1], inputs[2], padding: one);
        if (backward)
            Gradients.Of(output, inputs, output.Detach());
    }

    /// <summary>Numbers between minus and plus half the range.</summary>
    static Tensor Make(string name, double range, params long[] shape) =>
        Tensor.From(Formula.Uniform($"deform.{name}", (int)shape.Aggregate(1L, (a, b) => a * b)).Select(u =>
            (float)((u - 0.5) * range)).ToArray(), shape).Own();

    public override void Dispose()
    {
        foreach (var tensor in inputs)
            tensor.Dispose();
    }
}
