using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Operators;

public sealed class RemadeMapTests : TensorTest
{
    [Fact]
    public void Maps_that_the_backward_pass_computes_again_give_the_same_bits_and_less_is_kept()
    {
        var (kept, keptHandles) = Gradients(remade: false);
        var (remade, remadeHandles) = Gradients(remade: true);

        Assert.Equal(kept.Keys, remade.Keys);
        Assert.All(kept, gradient => Assert.Equal(gradient.Value, remade[gradient.Key]));
        Assert.Contains(kept.Values, gradient => gradient.Any(number => number != 0));
        // 14 batch norms keep no result and 13 convolutions of ours no input; the sum behind the chain's end keeps what is added.
        Assert.InRange(remadeHandles, 1, keptHandles - 15);
    }

    [Fact]
    public void A_graph_that_is_kept_gives_the_same_gradients_again()
    {
        using var scope = new Scope();
        RandomState.Seed(51);
        using var weights = Weights.Create();
        var tower = new Tower(weights);
        weights.UseOwnKernels();
        Tensor loss;
        using (new OwnKernelsScope(on: true))
            loss = tower.Call(Aten.Randn([1, 3, 34, 30])).Sum();
        var gradients = Enumerable.Range(0, 2).Select(k =>
            Torch.Autograd.Gradients.Of(loss, [.. weights.Parameters.Select(p => p.Value)], retainGraph: k == 0)
                .Select(g => g.ToArray<float>()).ToArray()).ToArray();

        Assert.All(gradients[0].Zip(gradients[1]), pair => Assert.Equal(pair.First, pair.Second));
    }

    static (Dictionary<string, float[]> Gradients, long Handles) Gradients(bool remade)
    {
        using var scope = new Scope();
        RandomState.Seed(50);
        using var weights = Weights.Create();
        var tower = new Tower(weights);
        weights.UseOwnKernels();
        // 17×15 pixels behind the stem: rows that no vector divides.
        var image = Aten.Randn([2, 3, 34, 30]);
        Tensor loss;
        var before = Tensor.LiveHandles;
        using (var forward = new Scope())
        using (new OwnKernelsScope(remade))
            loss = forward.Keep((tower.Call(image) * Aten.Randn([2, 4, 17, 15])).Sum());
        var handles = Tensor.LiveHandles - before;
        loss.Backward();
        return (weights.Parameters.ToDictionary(p => p.Key, p => p.Value.Grad!.ToArray<float>()), handles);
    }

    /// <summary>A stem, a block with a projection and six more, which are a longer chain than is computed again, and a head.</summary>
    sealed class Tower : Net
    {
        readonly Conv2d stem, head;
        readonly BatchNorm2d norm;
        readonly Block[] blocks;

        public Tower(Weights w) : base(w)
        {
            stem = new(w / "stem", 3, 6, kernel: 3, stride: 2);
            norm = new(w / "norm", 6);
            blocks = [.. Enumerable.Range(0, 7).Select(k => new Block(w / "blocks" / k, k == 0 ? 6 : 8, 8))];
            head = new(w / "head", 8, 4, kernel: 1, bias: true);
        }

        protected override Tensor Forward(Tensor x)
        {
            x = x.Apply(stem).NormRelu(norm);
            foreach (var block in blocks)
                x = x.Apply(block);
            return x.Apply(head);
        }
    }

    sealed class Block(Weights w, int cin, int cout) : Net(w)
    {
        readonly Conv2d conv1 = new(w / "conv1", cin, cout, kernel: 3);
        readonly BatchNorm2d bn1 = new(w / "bn1", cout);
        readonly Conv2d conv2 = new(w / "conv2", cout, cout, kernel: 3, dilation: 2);
        readonly BatchNorm2d bn2 = new(w / "bn2", cout);
        readonly Sequential? around = cin == cout ? null : new(w / "around",
            p => new Conv2d(p, cin, cout, kernel: 1), p => new BatchNorm2d(p, cout));

        protected override Tensor Forward(Tensor x) =>
            x.Apply(conv1).NormRelu(bn1).Apply(conv2).NormRelu(bn2, () => around is null ? x : x.Apply(around));
    }
}
