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

    /// <summary>Keys are squares of tokens there, and there is no class token: all patches in the mean, or one.</summary>
    [Fact]
    public void SegFormer_shows_what_a_patch_attends_to_among_fewer_keys_or_all_in_the_mean()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        RandomState.Seed(8);
        var net = new MixTransformerNet(weights);
        var x = Tensor.Randn([1, 3, 64, 96]);
        var viewer = new AttentionViewer(net, 0);

        var all = viewer.View(x, new AttentionQuestion());

        Assert.Equal(["encoder.block1.0.attn_2x3", "encoder.block2.0.attn_2x3", "encoder.block3.0.attn_2x3", "encoder.block4.0.attn_2x3"],
            all.Select(v => v.Name));
        // Every row of weights sums to 1, and the mean is that of the 2×3 patches at a thirty-second of the image's size.
        Assert.All(all, v => Assert.Equal(1, v.Values.Sum(), 1e-5));
        var patches = Enumerable.Range(0, 6).Select(
            p => viewer.View(x, new AttentionQuestion(At: (p % 3 * 32 + 16, p / 3 * 32 + 16)))[3].Values).ToArray();
        AssertClose([.. Enumerable.Range(0, 6).Select(k => patches.Average(p => p[k]))], all[3].Values, 1e-6);
        Assert.NotEqual(patches[0], patches[5]);
    }

    [Fact]
    public void The_last_blocks_of_an_EoMT_show_what_a_query_attends_to_and_the_first_the_class_token()
    {
        const int Queries = 40, Tokens = Queries + 1 + 4 + 4 * 6;
        using var scope = new Scope();
        using var weights = Weights.Create();
        RandomState.Seed(9);
        var definition = (EomtDefinition)ReducedNetwork.Of(Zoo.Find("eomt-dinov2-s"));
        var net = (definition with { Head = definition.Head with { Queries = Queries } }).Build(weights, 5);
        // Alike keys: every token gets the same share in the last block.
        using (new NoGrad())
            Aten.Zero_(weights["encoder.backbone.blocks.3.attn.qkv.weight"]);
        var x = Tensor.Randn([1, 3, 64, 96]);
        var viewer = new AttentionViewer(net, 5);

        var (third, other) = (viewer.View(x, new AttentionQuestion(Query: 3)), viewer.View(x, new AttentionQuestion(Query: 4)));

        Assert.Equal(["0.attn_4x6", "1.attn_4x6", "2.attn_query3_4x6", "3.attn_query3_4x6"],
            third.Select(v => v.Name["encoder.backbone.blocks.".Length..]));
        Assert.Equal(third[1].Values, other[1].Values);
        Assert.NotEqual(third[2].Values, other[2].Values);
        Assert.All(third[3].Values, share => Assert.Equal(1.0 / Tokens, share, 1e-6));
        Assert.Contains("query 40: the network has 40", Assert.Throws<ArgumentException>(
            () => viewer.View(x, new AttentionQuestion(Query: Queries))).Message, StringComparison.Ordinal);
    }

    /// <summary>Masked attention gives pixels outside a query's mask nothing, unless its mask is empty.</summary>
    [Fact]
    public void Mask2Former_shows_that_a_query_looks_at_its_own_mask_alone()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        RandomState.Seed(10);
        var net = (Mask2Former)ReducedNetwork.Of(Zoo.Find("mask2former-resnet50")).Build(weights, 5);
        net.Eval();
        var x = Tensor.Randn([1, 3, 90, 128]);
        var predictions = net.Predictions(x);

        for (var query = 0; query < net.Queries; query++)
        {
            var views = new AttentionViewer(net, 5).View(x, new AttentionQuestion(Query: query));
            // Three layers at strides 32, 16 and 8 of the padded 96×128 pixels, cut to the image.
            Assert.Equal(
                Enumerable.Range(0, 3).Select(k => $"{k}.multihead_attn_query{query}_90x128"),
                views.Select(v => v.Name["sem_seg_head.predictor.transformer_cross_attention_layers.".Length..]));
            for (var layer = 0; layer < 3; layer++)
            {
                var (height, width) = (3 << layer, 4 << layer);
                var mask = predictions[layer].MaskLogits.Narrow(1, query, 1).ResizeBilinear(height, width).ToArray<float>();
                var seen = mask.Any(m => m >= 0) ? mask.Select(m => m >= 0).ToArray() : [.. mask.Select(_ => true)];
                var (stride, map) = (32 >> layer, views[layer].Values);
                // The middle of a square between others like it: enlarging does not reach them.
                for (var y = 0; y < height && y * stride + stride / 2 < 90; y++)
                    for (var col = 0; col < width; col++)
                        if (Around(seen, height, width, y, col) is { } alike)
                            Assert.True(map[(y * stride + stride / 2) * 128 + col * stride + stride / 2] > 0 == alike, $"{query}, {layer}");
            }
        }

        static bool? Around(bool[] seen, int height, int width, int y, int x)
        {
            var near = Enumerable.Range(-1, 3).SelectMany(dy => Enumerable.Range(-1, 3).Select(dx => (Y: y + dy, X: x + dx)))
                .Where(p => p.Y >= 0 && p.Y < height && p.X >= 0 && p.X < width).Select(p => seen[p.Y * width + p.X]).ToArray();
            return near.All(s => s == near[0]) ? near[0] : null;
        }
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

    sealed class MixTransformerNet(Weights w) : Net(w)
    {
        readonly MixTransformer encoder = new(w / "encoder", new() { Depths = [1, 1, 1, 1], Widths = [16, 16, 20, 32] });

        protected override Tensor Forward(Tensor x) => x.Apply(encoder)[^1];
    }

    sealed class Alone(Weights w) : Net(w)
    {
        readonly Net attention = new PsaSpatial().Build(w / "attention", 6);

        protected override Tensor Forward(Tensor x) => x.Apply(attention);
    }
}
