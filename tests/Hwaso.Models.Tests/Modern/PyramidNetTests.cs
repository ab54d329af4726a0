using Hwaso.Graph;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Models.Tests.Modern;

/// <summary>Encoders under decoders against segmentation_models.pytorch.</summary>
public sealed class PyramidNetTests : TensorTest
{
    // float32's own distance from float64 is 1e-6 of the largest value.
    const double Tolerance = 2e-5;
    const int Classes = 5;

    [Theory]
    [InlineData("smp_fpn_resnet18", "fpn-resnet18")]
    [InlineData("smp_linknet_resnet18", "linknet-resnet18")]
    [InlineData("smp_pan_resnet18", "pan-resnet18")]
    [InlineData("smp_manet_resnet18", "manet-resnet18")]
    [InlineData("smp_unetplusplus_resnet18", "unetplusplus-resnet18")]
    [InlineData("smp_pspnet_resnet34", "smp-pspnet-resnet34")]
    [InlineData("smp_deeplabv3_resnet34", "smp-deeplabv3-resnet34")]
    [InlineData("smp_deeplabv3plus_resnet34", "smp-deeplabv3plus-resnet34")]
    [InlineData("smp_upernet_resnet18", "smp-upernet-resnet18")]
    [InlineData("smp_segformer_resnet18", "smp-segformer-resnet18")]
    [InlineData("smp_segformer_mit_b0", "smp-segformer-mit-b0")]
    public void Names_and_answers_are_the_recorded_ones(string file, string name) =>
        Compare(file, (EncoderDecoderDefinition)Zoo.FindSegmentation(name));

    [Theory]
    [InlineData("smp_unet_mit_b0", "unet", "mit-b0", false)]
    [InlineData("smp_unet_resnet18_scse", "unet", "resnet18", true)]
    [InlineData("smp_unetplusplus_resnet18_scse", "unetplusplus", "resnet18", true)]
    public void Other_encoders_and_weights_of_channels_and_pixels_are_a_recipe_s(string file, string family, string encoder, bool scse) =>
        Compare(file, Recipe($"family: {family}, encoder: {encoder}, decoder: {{scse: {(scse ? "true" : "false")}}}"));

    [Fact]
    public void A_MobileNetV3_has_timms_names_and_dilation_under_SMPs_decoders() =>
        Compare("smp_deeplabv3plus_tu_mobilenetv3_large_100", Recipe("family: smp-deeplabv3plus, encoder: mobilenetv3-large"));

    [Fact]
    public void Every_decoder_stands_on_a_MobileNetV3()
    {
        string[] families = ["fpn", "linknet", "pan", "manet", "unetplusplus", "smp-pspnet", "smp-deeplabv3", "smp-deeplabv3plus",
            "smp-upernet", "smp-segformer", "unet", "deeplabv3plus", "pspnet", "upernet"];
        foreach (var family in families)
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            using var weights = Weights.Create();
            // mmsegmentation's DeepLabV3+ and PSPNet want stride 8, torchvision's network has 16 at best.
            if (family is "deeplabv3plus" or "pspnet")
            {
                var error = Assert.ThrowsAny<ArgumentException>(() => Define(family).Build(weights, 2));
                Assert.Contains("mobilenetv3-small cannot be dilated to output stride 8", error.Message, StringComparison.Ordinal);
                continue;
            }
            var net = Define(family).Build(weights, 2);
            net.Eval();
            Assert.Equal([1, 2], net.Call(Tensor.Zeros([1, 3, 128, 160])).Shape[..2]);
        }

        static SegmentationDefinition Define(string family) => Zoo.DefineSegmentation(
            Recipes.RecipeFile.Read($"model: {{family: {family}, encoder: mobilenetv3-small}}", "x.yaml").Model);
    }

    [Fact]
    public void A_pspnet_decodes_the_depth_that_the_recipe_says() =>
        Compare("smp_pspnet_resnet50_depth5", Recipe("family: smp-pspnet, encoder: resnet50, decoder: {depth: 5}"));

    /// <summary>Multiply-adds of one image of 512×512 with one class, attention's products included.</summary>
    [Theory]
    [InlineData("fpn-resnet34", 27_420_262_400)]
    [InlineData("linknet-resnet34", 20_120_076_288)]
    [InlineData("pan-resnet34", 29_761_374_880)]
    [InlineData("manet-resnet34", 33_290_213_376)]
    [InlineData("unetplusplus-resnet34", 73_534_537_728)]
    [InlineData("smp-pspnet-resnet34", 9_359_794_176)]
    [InlineData("smp-deeplabv3-resnet34", 109_199_884_288)]
    [InlineData("smp-deeplabv3plus-resnet34", 31_535_529_984)]
    [InlineData("smp-upernet-resnet34", 71_863_369_728)]
    [InlineData("smp-segformer-resnet34", 26_088_570_880)]
    [InlineData("smp-segformer-mit-b0", 7_762_870_272)]
    [InlineData("smp-segformer-mit-b2", 25_054_674_944)]
    public void Costs_what_the_recorded_networks_cost(string name, long multiplyAdds) =>
        Assert.Equal(multiplyAdds, Cost.Of(NetworkGraph.Sketch(w => Zoo.FindSegmentation(name).Build(w, 1), [1, 3, 512, 512])).MacsAll);

    [Theory]
    [InlineData("pan", "mit-b0", "mit-b0 cannot be dilated")]
    [InlineData("unetplusplus", "mit-b0", "no map at half the image's size")]
    public void An_encoder_that_lacks_what_the_decoder_wants_is_refused(string family, string encoder, string message)
    {
        using var weights = Weights.Create(initialise: false);
        var error = Assert.ThrowsAny<ArgumentException>(() => Recipe($"family: {family}, encoder: {encoder}").Build(weights, 2));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unetplusplus", "resnet18")]
    [InlineData("linknet", "efficientnet-b0")]
    [InlineData("smp-upernet", "mit-b0")]
    public void Sides_need_no_multiples_of_the_stride(string family, string encoder)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var net = Recipe($"family: {family}, encoder: {encoder}").Build(weights, Classes);
        net.Eval();
        var logits = net.Call(Tensor.Zeros([1, 3, 75, 101]));
        Assert.Equal(family == "smp-upernet" ? [1, Classes, 19, 26] : [1, Classes, 75, 101], logits.Shape);
    }

    static EncoderDecoderDefinition Recipe(string keys) => (EncoderDecoderDefinition)Zoo.DefineSegmentation(
        Recipes.RecipeFile.Read($"model: {{{keys}, classes: 5}}", "x.yaml").Model);

    static void Compare(string file, EncoderDecoderDefinition definition)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = definition.Build(weights, Classes);
        var answer = ModernAnswer.Read($"formula/{file}");
        answer.Fill(weights);
        net.Eval();
        var image = answer.Input;
        var logits = net.Call(image).ResizeBilinear(image.Size(2), image.Size(3), net.AlignCorners);
        var (distance, largest) = answer.Compare("output", logits);
        Assert.True(distance <= Tolerance * largest, $"{distance / largest:g3} of the largest value away");
    }
}
