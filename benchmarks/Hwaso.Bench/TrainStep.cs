using System.Text.Json.Nodes;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Bench;

/// <summary>Forward, loss on logits resized to the image, backward, SGD.</summary>
sealed class TrainStep : NetworkCase
{
    readonly Sgd sgd;
    readonly CrossEntropy loss = new();
    readonly Tensor target;

    public TrainStep(JsonObject request) : base(request)
    {
        using var scope = new Scope();
        Net.Train();
        var labels = Formula.Uniform("target", Batch * Size.Height * Size.Width).Select(u => (long)Math.Floor(u * (Classes + 1))).Select(l => l == Classes ? 255 : l).ToArray();
        target = Tensor.From(labels, Batch, Size.Height, Size.Width).Own();
        sgd = new Sgd([new ParameterGroup(Weights.Parameters.ToArray(), 1, 0.0001)], 0.001, momentum: 0.9);
    }

    public override void WarmUp()
    {
        Value = Step();
        Step();
    }

    public override void Run() => Step();

    double Step()
    {
        using var scope = new Scope();
        sgd.ZeroGrad();
        var value = loss.Of(Net.Call(Image), target);
        value.Backward();
        sgd.Step();
        return value.Item();
    }

    public override void Dispose()
    {
        sgd.Dispose();
        loss.Dispose();
        target.Dispose();
        base.Dispose();
    }
}
