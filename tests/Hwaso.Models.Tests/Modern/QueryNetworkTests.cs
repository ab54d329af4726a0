using System.Text.Json.Nodes;
using Hwaso.Graph;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.Modern;

/// <summary>DINOv2's giant form, DINOv3, EoMT and Mask2Former against their authors' code.</summary>
public sealed class QueryNetworkTests : TensorTest
{
    // float32's own distance from float64 is 1e-6 of the largest value.
    const double Tolerance = 1e-5;

    [Fact]
    public void A_small_DINOv2_with_gates_has_the_authors_tokens_and_gradients()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = new DinoVisionTransformer(weights, new() { Width = 48, Depth = 4, Heads = 3, ImagePx = 56, Gated = true });
        var answer = ModernAnswer.Read("small/dinov2_swiglu");
        answer.Fill(weights);
        var input = Leaf(answer);
        var features = net.Features(input);
        var layers = net.IntermediateLayers(input, [1, 3], norm: false).Layers;
        answer.CheckGradients(weights, input,
        [
            ("cls", features.ClassToken), ("patch", features.PatchTokens), ("layer1_map", layers[0].Patches),
            ("layer3_cls", layers[1].ClassToken),
        ], Tolerance);
    }

    [Fact]
    public void A_small_DINOv3_has_the_authors_tokens_and_gradients()
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = new DinoV3(weights, new() { Width = 48, Depth = 3, Heads = 3 });
        var answer = ModernAnswer.Read("small/dinov3_vit");
        answer.Fill(weights, "periods", "bias_mask");
        var input = Leaf(answer);
        var features = net.Features(input);
        var layers = net.IntermediateLayers(input, 3).Layers;
        answer.CheckGradients(weights, input,
        [
            ("cls", features.ClassToken), ("patch", features.PatchTokens), ("storage", features.RegisterTokens),
            ("layer0_map", layers[0].Patches), ("layer2_cls", layers[2].ClassToken),
        ], Tolerance, idle: "mask_token");
    }

    [Theory]
    [InlineData("eomt", 4, true, 64, 96)]
    [InlineData("eomt_unmasked", 0, false, 64, 64)]
    public void A_small_EoMT_has_the_authors_predictions_and_gradients(string file, int registers, bool masked, int height, int width)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var config = new DinoConfig { Width = 48, Depth = 4, Heads = 3, PatchPx = 16, ImagePx = height };
        var head = new EomtConfig { Queries = 6, Blocks = 2, Masked = masked, ImageWidthPx = width };
        var net = new Eomt(weights, config.WithRegisters(registers), head, 5);
        var answer = ModernAnswer.Read($"small/{file}");
        answer.Fill(weights, "attn_mask_probs", "pixel_mean", "pixel_std");
        // Every query is masked, as at the beginning of training.
        net.FollowTraining(0);
        net.Eval();
        var input = Leaf(answer);
        // The authors' network normalises, ours gets normalised images.
        var image = ((input + 1.5) / 3 - weights["encoder.pixel_mean"]) / weights["encoder.pixel_std"];
        answer.CheckGradients(weights, input, [.. net.Predictions(image).SelectMany((prediction, k) =>
            new[] { ($"mask_logits{k}", prediction.MaskLogits), ($"class_logits{k}", prediction.ClassLogits) })], Tolerance);
    }

    [Fact]
    public void A_small_head_of_Mask2Former_has_the_authors_predictions_and_gradients()
    {
        (int Channels, int Height, int Width)[] maps = [(8, 16, 24), (12, 8, 12), (16, 4, 6), (20, 2, 3)];
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = new Mask2FormerHead(weights, [.. maps.Select(map => map.Channels)], new()
        {
            Queries = 5,
            Width = 32,
            Heads = 4,
            EncoderLayers = 2,
            EncoderWidth = 48,
            DecoderLayers = 4,
            DecoderWidth = 48,
        }, 4);
        var answer = ModernAnswer.Read("small/mask2former_head");
        answer.Fill(weights);
        var (input, from) = (Leaf(answer), 0L);
        var levels = new List<Tensor>();
        foreach (var (channels, height, width) in maps)
        {
            var size = (long)channels * height * width;
            levels.Add(input.Narrow(1, from, size).Reshape(1, channels, height, width));
            from += size;
        }
        var features = net.Features([.. levels]);
        var predictions = net.PredictionsOf(features);
        answer.CheckGradients(weights, input,
        [
            ("mask_features", features[0]),
            .. features.Skip(1).Select((map, k) => ($"multi_scale{k}", map)),
            ("pred_logits", predictions[^1].ClassLogits), ("pred_masks", predictions[^1].MaskLogits),
            .. predictions.SkipLast(1).SelectMany((prediction, k) =>
                new[] { ($"aux{k}_logits", prediction.ClassLogits), ($"aux{k}_masks", prediction.MaskLogits) }),
            // The group norm behind it, of one channel a group here, takes a bias away.
        ], Tolerance, vanishing: ".0.bias");
    }

    [Theory]
    [InlineData("dinov2_vitg14", "dinov2-vitg14", 0, "", "")]
    [InlineData("eomt_dinov2_large_512", "eomt-dinov2-l", 150, "network.", "")]
    [InlineData("mask2former_r50_ade20k_head", "mask2former-resnet50", 150, "", "sem_seg_head.")]
    public void Names_and_sizes_are_the_authors(string file, string name, int classes, string prefix, string part)
    {
        var recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path($"modern/formula/{file}.keys.json")))!;
        string[] state = [];
        var parameters = 0L;
        NetworkGraph.Sketch(w =>
        {
            var net = Zoo.Find(name).Build(w, classes);
            state = [.. w.State.Where(s => s.Key.StartsWith(part, StringComparison.Ordinal))
                .Select(s => $"{prefix}{s.Key} [{string.Join(",", s.Value.Shape)}]")];
            parameters = w.Parameters.Where(p => p.Key.StartsWith(part, StringComparison.Ordinal)).Sum(p => p.Value.Elements);
            return net;
        }, [1, 3, 64, 64]);
        Assert.Equal(recorded["state_dict"]!.AsObject().Select(k => $"{k.Key} {k.Value!.ToJsonString()}"), state);
        Assert.Equal(recorded["params"]!.GetValue<long>(), parameters);
    }

    /// <summary>
    /// No costs of these are recorded. By hand: of P patches of p pixels a convolution; in each of L blocks four layers of width D on all T
    /// tokens, two products of T tokens with T, and two layers (with a gate three) to or from a hidden width.
    /// </summary>
    [Theory]
    [InlineData("dinov2-vitg14", 518, 14, 1, 1536, 40, 3 * 4096)]
    [InlineData("dinov2-vits14", 518, 14, 1, 384, 12, 2 * 1536)]
    [InlineData("dinov3-vits16", 512, 16, 5, 384, 12, 2 * 1536)]
    [InlineData("dinov3-vits16plus", 512, 16, 5, 384, 12, 3 * 1536)]
    [InlineData("dinov3-vitl16", 512, 16, 5, 1024, 24, 2 * 4096)]
    public void A_vision_transformer_costs_what_its_layers_and_products_do(
        string name, long side, long patch, long others, long width, long depth, long hidden)
    {
        var patches = side / patch * (side / patch);
        var tokens = patches + others;
        Assert.Equal(
            patches * 3 * patch * patch * width
                + depth * (4 * tokens * width * width + 2 * tokens * tokens * width + tokens * width * hidden),
            Cost.Of(NetworkGraph.Sketch(w => (Net)Zoo.Find(name).Build(w, 0), [1, 3, side, side])).MacsAll);
    }

    [Fact]
    public void The_semantic_answer_and_the_positions_are_the_authors()
    {
        using var scope = new Scope();
        var answer = ModernAnswer.Read("mask/matching");
        var scores = new MaskPrediction(answer.Tensor("semantic.class_logits"), answer.Tensor("semantic.mask_logits")).Semantic();
        Close("semantic.per_pixel", scores);
        foreach (var name in new[] { "sine_3x4_8", "sine_5x7_8" })
        {
            var shape = answer.Tensor(name).Shape;
            Close(name, SinePositions.Of(Tensor.Zeros([1]), shape[2], shape[3], shape[1]));
        }

        void Close(string name, Tensor actual)
        {
            var (distance, largest) = answer.Compare(name, actual);
            Assert.True(distance <= Tolerance * largest, $"{name}: {distance / largest:g3} of its largest value away");
        }
    }

    [Fact]
    public void Masks_are_annealed_block_after_block_as_the_authors_do_it()
    {
        var recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path("modern/mask/matching.json")))!["annealing"]!.AsArray();
        Assert.All(recorded, row => Assert.Equal(
            row!["probability"]!.GetValue<double>(),
            QueryMasks.Probability(
                row["step"]!.GetValue<double>(), row["start"]!.GetValue<double>(), row["end"]!.GetValue<double>()), 1e-7));

        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var net = new Eomt(weights, new() { Width = 8, Depth = 4, Heads = 2, PatchPx = 16, ImagePx = 32 }, new() { Queries = 2 }, 3);
        net.FollowTraining(0.25);
        Assert.Equal([(float)Math.Pow(0.5, 0.9), 1, 1, 1], weights["attn_mask_probs"].ToArray<float>(), (e, a) => Math.Abs(e - a) < 1e-6);
        net.FollowTraining(0.9);
        Assert.Equal([0f, 0, 0, 0], weights["attn_mask_probs"].ToArray<float>());
    }

    [Fact]
    public void EoMT_takes_any_size_and_answers_the_image_without_its_padding()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var config = new DinoConfig { Width = 8, Depth = 2, Heads = 2, PatchPx = 16, ImagePx = 32 };
        var net = new Eomt(weights, config, new() { Queries = 3, Blocks = 1 }, 4);
        net.Eval();
        var image = Tensor.Randn([1, 3, 37, 50]);
        var scores = net.Call(image);
        Assert.Equal([1, 4, 37, 50], scores.Shape);
        var padded = net.Call(Aten.Pad(image, [0, 14, 0, 11], value: 0)).Narrow(2, 0, 37).Narrow(3, 0, 50);
        // The same masks, enlarged in another order of rows.
        Assert.All(padded.ToArray<float>().Zip(scores.ToArray<float>()), p => Assert.Equal(p.First, p.Second, 1e-6f));
    }

    static Tensor Leaf(ModernAnswer answer)
    {
        var input = answer.Input;
        input.RequiresGrad = true;
        return input;
    }
}
