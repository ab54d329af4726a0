using System.Text.Json.Nodes;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>
/// Forward, loss on logits resized to the image, backward, SGD; in a narrower type or over several batches a step if asked.
/// </summary>
sealed class TrainStep : NetworkCase
{
    readonly Sgd sgd;
    readonly CrossEntropy loss = new();
    readonly Tensor target;
    readonly ScalarType? compute;
    readonly int accumulate;

    public TrainStep(JsonObject request) : base(request)
    {
        using var scope = new Scope();
        Net.Train();
        accumulate = request["accumulate"]?.GetValue<int>() ?? 1;
        compute = request["precision"]?.GetValue<string>() switch
        {
            null or "float32" => null,
            "bfloat16" => ScalarType.BFloat16,
            // What a recipe that asks for it gets.
            "bfloat16-recipe" => TorchInfo.ProcessorHasBFloat16 ? ScalarType.BFloat16 : null,
            var other => throw new ArgumentException($"precision '{other}'"),
        };
        var labels = Formula.Uniform("target", Batch * Size.Height * Size.Width).Select(u => (long)Math.Floor(u * (Classes + 1)))
            .Select(l => l == Classes ? 255 : l).ToArray();
        target = Tensor.From(labels, Batch, Size.Height, Size.Width).Own();
        sgd = new Sgd([new ParameterGroup(Weights.Parameters.ToArray(), 1, 0.0001)], 0.001, momentum: 0.9);
    }

    public override void WarmUp()
    {
        Value = Step();
        Step();
    }

    public override void Run() => Step();

    protected override int Pieces => accumulate;

    double Step()
    {
        using var scope = new Scope();
        using var bits = new SameBits(OwnKernels);
        sgd.ZeroGrad();
        var sum = 0.0;
        for (var k = 0; k < accumulate; k++)
        {
            using var inner = new Scope();
            using var own = new OwnKernelsScope(OwnKernels);
            Tensor logits;
            using (compute is { } type ? new Autocast(Device.Cpu, type) : default)
                logits = Net.Call(Image);
            var value = loss.Of(logits.To(ScalarType.Float32), target);
            (accumulate == 1 ? value : value / accumulate).Backward();
            sum += value.Item();
        }
        sgd.Step();
        return sum / accumulate;
    }

    public override void Dispose()
    {
        sgd.Dispose();
        loss.Dispose();
        target.Dispose();
        base.Dispose();
    }
}
