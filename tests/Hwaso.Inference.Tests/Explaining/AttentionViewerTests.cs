using Hwaso.Inference.Explaining;
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Tests.Explaining;

/// <summary>Attention maps as they come out of the doors against the same computed otherwise.</summary>
public sealed class AttentionViewerTests : TensorTest
{
    [Fact]
    public void The_map_of_psa_spatial_is_its_formula()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        RandomState.Seed(3);
        var net = new Alone(weights);
        var x = Tensor.Randn([1, 6, 4, 5]);

        var view = Assert.Single(new AttentionViewer(net, 0).View(x, new AttentionQuestion()));

        // sigmoid(softmax over channels(mean over pixels(Wq x)) · Wv x) in plain loops.
        var (q, v, values) = (
            weights["attention.q.weight"].ToArray<double>(), weights["attention.v.weight"].ToArray<double>(), x.ToArray<double>());
        var mean = new double[3];
        for (var c = 0; c < 3; c++)
            for (var k = 0; k < 6; k++)
                for (var p = 0; p < 20; p++)
                    mean[c] += q[c * 6 + k] * values[k * 20 + p] / 20;
        var sum = mean.Sum(Math.Exp);
        var expected = Enumerable.Range(0, 20).Select(p => (float)(1 / (1 + Math.Exp(-Enumerable.Range(0, 3).Sum(
            c => Math.Exp(mean[c]) / sum * Enumerable.Range(0, 6).Sum(k => v[c * 6 + k] * values[k * 20 + p])))))).ToArray();
        Assert.Equal((5, 4, "attention_4x5"), (view.Width, view.Height, view.Name));
        // Float32 against float64: sums of a few terms.
        AssertClose(expected, view.Values, 1e-6);
    }

    [Fact]
    public void A_stage_is_the_mean_of_its_modules_of_one_resolution()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        RandomState.Seed(4);
        var net = Zoo.Find("hrnetv2-w18-small-v1+psa-spatial").Build(weights, 7);
        var x = Tensor.Randn([1, 3, 64, 96]);

        var views = new AttentionViewer(net, 7).View(x, new AttentionQuestion(Modules: true));

        // Branches at strides 4 to 32 of 64×96 pixels.
        Assert.Equal(
            ["stage2_16x24", "stage2_8x12", "stage3_16x24", "stage3_8x12", "stage3_4x6", "stage4_16x24",
                "stage4_8x12", "stage4_4x6", "stage4_2x3"],
            views.Where(v => !v.Name.Contains("deattn", StringComparison.Ordinal)).Select(v => v.Name));
        var coarse = views.Where(v => v.Name.StartsWith("stage4.0.branches.3.", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, coarse.Length);
        AssertClose([.. coarse[0].Values.Zip(coarse[1].Values, (a, b) => (a + b) / 2)], views.Single(v => v.Name == "stage4_2x3").Values,
            1e-6);
    }

    [Fact]
    public void SANets_show_attention_and_what_it_weighs_for_the_class_as_the_network_itself_gives_them()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        RandomState.Seed(5);
        var net = (SANet)Zoo.Find("sanet-resnet50").Build(weights, 7);
        net.Eval();
        var x = Tensor.Randn([1, 3, 64, 64]);

        var views = new AttentionViewer(net, 7).View(x, new AttentionQuestion(Class: 4));

        var heads = net.Attention(x);
        foreach (var h in new[] { 0, 3 })
        {
            var (width, height) = ((int)heads[h].Attention.Size(3), (int)heads[h].Attention.Size(2));
            Assert.Equal(heads[h].Attention.Narrow(1, 4, 1).ToArray<float>(),
                views.Single(v => v.Name == $"sa_heads.{h}_attn_{height}x{width}").Values);
            Assert.Equal(
                heads[h].Main.Narrow(1, 4, 1).ToArray<float>(), views.Single(v => v.Name == $"sa_heads.{h}_main_{height}x{width}").Values);
        }
    }

    [Fact]
    public void A_transformer_shows_what_the_class_token_or_a_patch_attends_to_block_by_block()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        RandomState.Seed(6);
        var net = new DinoVisionTransformer(weights, DinoConfig.ViTS14);
        var x = Tensor.Randn([1, 3, 28, 42]);

        var viewer = new AttentionViewer(net, 0);
        var ofClass = viewer.View(x, new AttentionQuestion());
        var ofPatch = viewer.View(x, new AttentionQuestion(At: (41, 27)));

        Assert.Equal(12, ofClass.Count);
        Assert.Equal(("blocks.0.attn_2x3", 3, 2), (ofClass[0].Name, ofClass[0].Width, ofClass[0].Height));
        Assert.All(ofClass, v => Assert.InRange(v.Values.Sum(), 0.1, 1));
        Assert.NotEqual(ofClass[3].Values, ofPatch[3].Values);
    }

    [Fact]
    public void A_network_without_attention_is_an_error_that_says_which_have_some()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = Zoo.Find("resnet18").Build(weights, 7);

        var error = Assert.Throws<ArgumentException>(
            () => new AttentionViewer(net, 7).View(Tensor.Zeros([1, 3, 64, 64]), new AttentionQuestion()));

        Assert.Contains("+psa-spatial", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attention_to_regions_alone_is_an_error_that_names_it()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = Zoo.Find("hrnetv2-w18-small-v1-ocr").Build(weights, 7);

        var error = Assert.Throws<ArgumentException>(
            () => new AttentionViewer(net, 7).View(Tensor.Zeros([1, 3, 64, 64]), new AttentionQuestion()));

        Assert.Contains("to regions, not to pixels", error.Message, StringComparison.Ordinal);
        Assert.Contains("ocr_distri_head.object_context_block", error.Message, StringComparison.Ordinal);
    }

    sealed class Alone(Weights w) : Net(w)
    {
        readonly Net attention = new PsaSpatial().Build(w / "attention", 6);

        protected override Tensor Forward(Tensor x) => x.Apply(attention);
    }
}
