using System.Text.Json.Nodes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>An evaluation forward without gradients, to logits at a quarter.</summary>
sealed class Inference : NetworkCase
{
    public Inference(JsonObject request) : base(request) => Net.Eval();

    public override void WarmUp()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        Value = Aten.Abs(Net.Call(Image)).Mean().Item();
    }

    public override void Run()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        Net.Call(Image);
    }
}
