using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

/// <summary>Layers of vision transformers against their formulas in float64.</summary>
public sealed class TransformerLayerTests : TensorTest
{
    const int Tokens = 5, Width = 6, Heads = 3, Each = Width / Heads;

    [Fact]
    public void SelfAttention_is_the_formula()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64);
        var net = new SelfAttention(weights, Width, Heads);
        RandomState.Seed(3);
        var x = Tensor.Randn([1, Tokens, Width], ScalarType.Float64);

        // qkv holds all queries, then all keys, then all values, each head after head.
        var joint = Affine(x.ToArray<double>(), weights, "qkv", 3 * Width);
        var mixed = new double[Tokens * Width];
        for (var h = 0; h < Heads; h++)
            for (var t = 0; t < Tokens; t++)
            {
                double At(int token, int part, int c) => joint[token * 3 * Width + part * Width + h * Each + c];
                var weight = Enumerable.Range(0, Tokens)
                    .Select(s => Math.Exp(Enumerable.Range(0, Each).Sum(c => At(t, 0, c) * At(s, 1, c)) / Math.Sqrt(Each))).ToArray();
                for (var c = 0; c < Each; c++)
                    mixed[t * Width + h * Each + c] = Enumerable.Range(0, Tokens).Sum(s => weight[s] * At(s, 2, c)) / weight.Sum();
            }
        var expected = Affine(mixed, weights, "proj", Width);

        // float64 against float64, sums of a few terms.
        Assert.All(expected.Zip(new[] { x }.Apply(net).ToArray<double>()), p => Assert.Equal(p.First, p.Second, 1e-14));
    }

    [Fact]
    public void SelfAttention_of_many_tokens_is_the_same_formula()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64);
        var net = new SelfAttention(weights, 4, 2);
        // More tokens than go in one piece, and not a multiple of a part.
        const int Many = 2100, Times = 3;
        var few = Tensor.Randn([1, Many / Times, 4], ScalarType.Float64);
        // Tokens that all occur equally often weigh as if each occurred once.
        var expected = new[] { few }.Apply(net).ToArray<double>();
        // The last of the copies are hidden from all: each part takes its own rows of the bias.
        var hidden = Tensor.Zeros([1, 1, Many, Many], ScalarType.Float64);
        Aten.Fill_(hidden.Narrow(3, Many / Times * (Times - 1), Many / Times), AttentionProduct.Unseen);
        var actual = new[] { Tensor.Concat(Enumerable.Repeat(few, Times), 1), hidden }.Apply(net).ToArray<double>();
        Assert.All(actual.Select((value, k) => (value, k)), p => Assert.Equal(expected[p.k % expected.Length], p.value, 1e-13));
    }

    [Fact]
    public void Heads_that_do_not_divide_the_width_are_refused()
    {
        using var weights = Weights.Create();
        var error = Assert.Throws<ArgumentException>(() => new SelfAttention(weights / "attn", 48, 5));
        Assert.Equal("attn: 5 heads do not divide a width of 48; 4 would", error.Message);
    }

    [Theory]
    [InlineData(new long[] { 1, 4, 28, 28 }, "patch_embed: float32[1, 4, 28, 28] was given; images [N, 3, H, W] were wanted")]
    [InlineData(new long[] { 1, 3, 28, 30 }, "patch_embed: an image of 28×30 does not divide into patches of 14×14")]
    [InlineData(new long[] { 1, 3, 0, 28 }, "patch_embed: an image of 0×28")]
    public void Images_that_do_not_divide_into_patches_are_refused(long[] shape, string message)
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = new PatchEmbed(weights / "patch_embed", 14, 8);
        Assert.Contains(message, Assert.ThrowsAny<Exception>(() => Tensor.Zeros(shape).Apply(net)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LayerScale_begins_at_its_value_and_GELU_is_the_exact_one()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64);
        var x = Tensor.From([-1.0, 0, 2], 1, 1, 3);
        Assert.Equal([-0.5, 0, 1], x.Apply(new LayerScale(weights / "ls", 3, 0.5)).ToArray<double>());
        // x Φ(x), Φ from tables: Φ(-1) = 0.158655253931457, Φ(2) = 0.977249868051821.
        Assert.All(new[] { -0.158655253931457, 0, 1.954499736103642 }.Zip(x.Apply(new GELU(weights / "act")).ToArray<double>()), p =>
            Assert.Equal(p.First, p.Second, 1e-14));
    }

    [Fact]
    public void ConvTranspose2d_sets_each_input_a_stride_apart()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(type: ScalarType.Float64);
        var net = new ConvTranspose2d(weights, 1, 1, kernel: 2, stride: 2);
        var k = weights["weight"].ToArray<double>();
        var b = weights["bias"].Item();
        // Kernel and stride alike: outputs do not overlap.
        double[] expected = [k[0] + b, k[1] + b, 3 * k[0] + b, 3 * k[1] + b, k[2] + b, k[3] + b, 3 * k[2] + b, 3 * k[3] + b];
        Assert.All(expected.Zip(Tensor.From([1.0, 3], 1, 1, 1, 2).Apply(net).ToArray<double>()), p =>
            Assert.Equal(p.First, p.Second, 1e-15));
        Assert.Throws<ArgumentException>(() => new ConvTranspose2d(weights / "x", 1, 1, kernel: 2, stride: 0));
    }

    /// <summary>Rows of x times a linear layer of the weights.</summary>
    static double[] Affine(double[] x, Weights weights, string layer, int outputs)
    {
        var (w, b) = (weights[$"{layer}.weight"].ToArray<double>(), weights[$"{layer}.bias"].ToArray<double>());
        var inputs = w.Length / outputs;
        return [.. Enumerable.Range(0, x.Length / inputs).SelectMany(row => Enumerable.Range(0, outputs).Select(o =>
            b[o] + Enumerable.Range(0, inputs).Sum(i => x[row * inputs + i] * w[o * inputs + i])))];
    }
}
