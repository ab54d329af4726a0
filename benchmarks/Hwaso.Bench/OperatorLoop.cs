using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>One small operator, many times: what the door costs. Results are freed at once.</summary>
sealed class OperatorLoop(Func<Tensor, Tensor, Tensor> call) : Case
{
    const int Calls = 20_000;

    readonly Tensor a = Make([0, 1, 2, 3, 4, 5]);
    readonly Tensor b = Make([1, 1, 1, 1, 1, 1]);

    protected override int Pieces => Calls;

    public static OperatorLoop? Named(string name) => name switch
    {
        "add" => new((a, b) => Aten.Add(a, b)),
        "plus" => new((a, b) => a + b),
        "mul" => new((a, b) => Aten.Mul(a, b)),
        "relu" => new((a, _) => Aten.Relu(a)),
        "view" => new((a, _) => Aten.View(a, shape)),
        _ => null,
    };

    static readonly long[] shape = [3, 2];

    public override void WarmUp()
    {
        // Past the just-in-time compiler's tiers, as after the first second of any program.
        for (var k = 0; k < 8; k++)
            Run();
    }

    public override void Run()
    {
        using var off = new NoGrad();
        for (var k = 0; k < Calls; k++)
            call(a, b).Dispose();
    }

    public override void Dispose()
    {
        a.Dispose();
        b.Dispose();
    }

    static Tensor Make(float[] values)
    {
        using var scope = new Scope();
        return Tensor.From(values, 2, 3).Own();
    }
}
