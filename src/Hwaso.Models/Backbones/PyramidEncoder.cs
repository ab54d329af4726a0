using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Recipes;

namespace Hwaso.Models.Backbones;

/// <summary>An encoder that any decoder can stand on, by its name: <c>resnet34</c>, <c>mit-b0</c>.</summary>
/// <param name="Name">The name in recipes and networks' names.</param>
public abstract record PyramidEncoder(string Name)
{
    /// <summary>Every encoder with a name, by that name.</summary>
    public static NamedValues<PyramidEncoder> Names { get; } = new(
    [
        .. ResNetConfig.Depths.Concat(ResNetConfig.Wider).Select(d => (d.Name, (PyramidEncoder)new ResNetEncoder(d.Name, d.Config))),
        .. EfficientNetConfig.Sizes.Select(s => $"efficientnet-{s.Name}").Zip(EfficientNetConfig.Sizes, (name, s) =>
            (name, (PyramidEncoder)new EfficientNetEncoder(name, s.Config))),
        .. MobileNetV3Config.Sizes.Select(s =>
            ($"mobilenetv3-{s.Name}", (PyramidEncoder)new MobileEncoder($"mobilenetv3-{s.Name}", s.Config))),
        .. ConvNextConfig.Sizes.Select(s => ($"convnext-{s.Name}", (PyramidEncoder)new ConvNextEncoder($"convnext-{s.Name}", s.Config))),
        .. SwinConfig.Sizes.Select(s => ($"swin-{s.Name}", (PyramidEncoder)new SwinEncoder($"swin-{s.Name}", s.Config))),
        .. MixTransformerConfig.Sizes.Select(s => ($"mit-{s.Name}", (PyramidEncoder)new MixEncoder($"mit-{s.Name}", s.Config))),
    ]);

    /// <summary>Whether attention modules fit into it.</summary>
    public abstract bool HasResidualBlocks { get; }

    /// <summary>Builds it.</summary>
    /// <param name="w">Its place.</param>
    /// <param name="form">What the decoder and the images want of it.</param>
    /// <exception cref="SettingException">It cannot be dilated, and the decoder wants it so.</exception>
    public abstract Backbone Build(Weights w, EncoderForm form);

    /// <summary>The encoder of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static PyramidEncoder Find(string name) => Names.Get(name);

    /// <summary>Refuses dilation.</summary>
    protected void RefuseDilation(EncoderForm form)
    {
        if (form.OutputStride != EncoderForm.Plain)
            throw new SettingException("encoder", $"{Name} cannot be dilated to output stride {form.OutputStride}, as the decoder wants "
                + "it; take an encoder that can, such as resnet34");
    }
}

/// <summary>What an encoder is built for.</summary>
/// <param name="OutputStride">Pixels of the image to one of its last map.</param>
/// <param name="Depth">How often its maps halve the image.</param>
/// <param name="InChannels">Channels of the images.</param>
/// <param name="Attention">The module in its blocks; null for none.</param>
/// <param name="Convention">Whose stem, dilation and norms it has.</param>
public sealed record EncoderForm(int OutputStride, int Depth, int InChannels, AttentionModule? Attention, EncoderConvention Convention)
{
    /// <summary>The output stride without dilation.</summary>
    public const int Plain = 32;

    /// <summary>How many of four stages run: the first begins at a quarter of the image's size.</summary>
    public int Stages => Depth - 1;
}

/// <summary>Whose form of an encoder is meant.</summary>
public enum EncoderConvention
{
    /// <summary>
    /// segmentation_models.pytorch's: torchvision's stem; a dilated stage is dilated as a whole; maps as the stages give them.
    /// </summary>
    SegmentationModels,

    /// <summary>
    /// mmsegmentation's: three 3×3 convolutions as a ResNet's stem; a dilated stage's first block keeps the dilation so far, and only the
    /// first convolution of a BasicBlock is dilated; norms on the maps of a ConvNeXt.
    /// </summary>
    MmSegmentation,
}

/// <summary>A ResNet, ResNeXt or wide ResNet.</summary>
public sealed record ResNetEncoder(string Name, ResNetConfig Config) : PyramidEncoder(Name)
{
    /// <inheritdoc/>
    public override bool HasResidualBlocks => true;

    /// <inheritdoc/>
    public override Backbone Build(Weights w, EncoderForm form) => new ResNet(w, Config with
    {
        OutputStride = form.OutputStride,
        DilatesFirstBlock = form.Convention == EncoderConvention.SegmentationModels,
        NumberedStem = form.Convention == EncoderConvention.MmSegmentation,
        DilatesSecondConvolution = form.Convention != EncoderConvention.MmSegmentation,
        RunningStages = form.Stages,
        InChannels = form.InChannels,
        Attention = form.Attention,
    });
}

/// <summary>An EfficientNet.</summary>
public sealed record EfficientNetEncoder(string Name, EfficientNetConfig Config) : PyramidEncoder(Name)
{
    /// <inheritdoc/>
    public override bool HasResidualBlocks => false;

    /// <inheritdoc/>
    public override Backbone Build(Weights w, EncoderForm form) =>
        new EfficientNet(w, Config with { OutputStride = form.OutputStride, InChannels = form.InChannels });
}

/// <summary>A MobileNetV3: timm's under segmentation_models.pytorch's decoders, torchvision's under mmsegmentation's heads.</summary>
public sealed record MobileEncoder(string Name, MobileNetV3Config Config) : PyramidEncoder(Name)
{
    const int Dilated = 16;

    /// <inheritdoc/>
    public override bool HasResidualBlocks => false;

    /// <inheritdoc/>
    public override Backbone Build(Weights w, EncoderForm form)
    {
        var config = Config with { Depth = form.Depth, InChannels = form.InChannels };
        if (form.Convention == EncoderConvention.SegmentationModels)
            return new MobileNetV3Timm(w / "model", config, form.OutputStride);
        // torchvision's can be dilated in its last stage alone.
        if (form.OutputStride != Dilated)
            RefuseDilation(form);
        return new MobileNetV3(w, config with { Dilated = form.OutputStride == Dilated });
    }
}

/// <summary>A Mix Transformer.</summary>
public sealed record MixEncoder(string Name, MixTransformerConfig Config) : PyramidEncoder(Name)
{
    /// <inheritdoc/>
    public override bool HasResidualBlocks => false;

    /// <inheritdoc/>
    public override Backbone Build(Weights w, EncoderForm form)
    {
        RefuseDilation(form);
        return new MixTransformer(w, Config with { RunningStages = form.Stages, InChannels = form.InChannels });
    }
}

/// <summary>A ConvNeXt.</summary>
public sealed record ConvNextEncoder(string Name, ConvNextConfig Config) : PyramidEncoder(Name)
{
    /// <inheritdoc/>
    public override bool HasResidualBlocks => false;

    /// <inheritdoc/>
    public override Backbone Build(Weights w, EncoderForm form)
    {
        RefuseDilation(form);
        var norms = form.Convention == EncoderConvention.MmSegmentation;
        return new ConvNext(w, Config with { OutputNorms = norms, RunningStages = form.Stages, InChannels = form.InChannels });
    }
}

/// <summary>A Swin transformer.</summary>
public sealed record SwinEncoder(string Name, SwinConfig Config) : PyramidEncoder(Name)
{
    /// <inheritdoc/>
    public override bool HasResidualBlocks => false;

    /// <inheritdoc/>
    public override Backbone Build(Weights w, EncoderForm form)
    {
        RefuseDilation(form);
        return new SwinTransformer(w, Config with { RunningStages = form.Stages, InChannels = form.InChannels });
    }
}
