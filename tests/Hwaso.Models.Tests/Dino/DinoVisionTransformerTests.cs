using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.Dino;

/// <summary>The transformer against the official implementation's answers (tests/fixtures/small/dinov2_vit.*).</summary>
public sealed class DinoVisionTransformerTests : TensorTest
{
    // Both sides are float32; measured 5e-7, and PyTorch itself differs by up to 1e-5 between thread counts.
    const double Tolerance = 1e-5;

    static readonly DinoConfig reduced = new() { Width = 48, Depth = 3, Heads = 4, ImagePx = 70 };
    static readonly TensorFile recorded = TensorFile.Read(Fixtures.Path("small/dinov2_vit.safetensors"));

    readonly Weights weights = Weights.Create();
    readonly DinoVisionTransformer net;

    public DinoVisionTransformerTests()
    {
        net = new(weights, reduced);
        var file = TensorFile.Read(Fixtures.Path("small/dinov2_vit.pth"));
        Assert.Equal(file.Tensors.Keys, weights.State.Select(s => s.Key));
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(file.Tensors[key]);
        net.Eval();
    }

    [Theory]
    [InlineData("input", "output")]                     // 56×84: the position embedding is interpolated
    [InlineData("input_native", "output_native")]       // 70×70: it is not
    public void Tokens_are_the_official_ones(string input, string output)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var features = net.Features(Input(input));
        Check($"{output}_clstoken", features.ClassToken);
        Check($"{output}_patchtokens", features.PatchTokens);
        if (input == "input")
            Check("output_prenorm", features.BeforeNorm);
        Assert.Equal(0, features.RegisterTokens.Elements);
        Check($"{output}_clstoken", Input(input).Apply(net));
    }

    [Fact]
    public void Intermediate_layers_are_the_official_ones_by_count_and_by_index()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        foreach (var list in new[] { net.IntermediateLayers(Input("input"), last: 2), net.IntermediateLayers(Input("input"), [1, 2]) })
            for (var k = 0; k < 2; k++)
            {
                Check($"output_inter{k}_patch", list.Layers[k].Patches);
                Check($"output_inter{k}_cls", list.Layers[k].ClassToken);
            }
    }

    [Fact]
    public void Intermediate_layers_without_the_norm_are_the_tokens_before_it()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var layer = net.IntermediateLayers(Input("input"), last: 1, norm: false).Layers[0];
        var tokens = HostOf("output_prenorm").ToFloats();                  // [2, 1 + 24, 48]
        var (patches, first) = (layer.Patches.ToArray<float>(), layer.ClassToken.ToArray<float>());
        var (expectedPatches, expectedFirst) = (new float[patches.Length], new float[first.Length]);
        for (var n = 0; n < 2; n++)
            for (var d = 0; d < 48; d++)
            {
                expectedFirst[n * 48 + d] = tokens[n * 25 * 48 + d];
                for (var t = 0; t < 24; t++)
                    expectedPatches[(n * 48 + d) * 24 + t] = tokens[(n * 25 + 1 + t) * 48 + d];
            }
        AssertClose(expectedPatches, patches, Tolerance, "patches");
        AssertClose(expectedFirst, first, Tolerance, "class token");
    }

    [Fact]
    public void An_image_of_any_size_is_padded_around_to_whole_patches()
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var image = Tensor.Randn([1, 3, 31, 43]);
        // 31 lacks 11: 5 above, 6 below; 43 lacks 13: 6 left, 7 right.
        var padded = Tensor.Zeros([1, 3, 42, 56]);
        Aten.Copy_(padded.Narrow(2, 5, 31).Narrow(3, 6, 43), image);
        Assert.Equal(net.Features(padded).BeforeNorm.ToArray<float>(), net.Features(image).BeforeNorm.ToArray<float>());
        Assert.Equal([1, 48, 1, 1], net.IntermediateLayers(Tensor.Randn([1, 3, 1, 1]), last: 1).Layers[0].Patches.Shape);
    }

    [Fact]
    public void Gradients_reach_every_weight_but_the_mask_token()
    {
        using var scope = new Scope();
        var features = net.Features(Input("input"));
        (features.ClassToken.Sum() + features.PatchTokens.Mean()).Backward();
        Assert.Equal(["mask_token"], weights.Parameters.Where(p => p.Value.Grad is null).Select(p => p.Key));
    }

    [Fact]
    public void Full_size_names_and_shapes_are_the_official_ones()
    {
        var listed = JsonNode.Parse(File.ReadAllText(Fixtures.Path("formula/dinov2_vits14.keys.json")))!["state_dict"]!.AsObject();
        using var full = Weights.Create(initialise: false);
        _ = new DinoVisionTransformer(full, DinoConfig.ViTS14);
        Assert.Equal(
            listed.Select(k => $"{k.Key} [{string.Join(", ", k.Value!.AsArray().Select(n => n!.GetValue<long>()))}]"),
            full.State.Select(s => $"{s.Key} [{string.Join(", ", s.Value.Shape)}]"));
    }

    public override void Dispose()
    {
        weights.Dispose();
        base.Dispose();
    }

    static HostTensor HostOf(string name) => recorded.Tensors[name];

    static Tensor Input(string name) => Tensor.From(HostOf(name));

    static void Check(string name, Tensor actual)
    {
        Assert.Equal(HostOf(name).Shape, actual.Shape);
        AssertClose(HostOf(name).ToFloats(), actual.ToArray<float>(), Tolerance, name);
    }
}
