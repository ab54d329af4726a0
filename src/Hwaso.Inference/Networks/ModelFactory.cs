using Hwaso.Models;
using Hwaso.Models.Backbones;
using Hwaso.Models.Families;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Recipes;

namespace Hwaso.Inference.Networks;

/// <summary>From what a recipe says of a network to the network.</summary>
public static class ModelFactory
{
    /// <summary>The definition that a recipe's model section describes.</summary>
    /// <exception cref="ArgumentException">An unknown name or family, or settings that do not fit each other.</exception>
    public static ModelDefinition Define(ModelRecipe recipe)
    {
        var definition = recipe.Name is { } name ? Zoo.Find(name) : OfFamily(recipe);
        return definition switch
        {
            DinoDefinition dino => Define(recipe, dino),
            HRNetV2Definition hrnet => hrnet with { Config = Over(recipe, hrnet.Config), FinalKernel = recipe.FinalKernel ?? hrnet.FinalKernel },
            HRNetOcrDefinition hrnet => hrnet with { Config = Over(recipe, hrnet.Config), Ocr = recipe.Ocr?.Over(hrnet.Ocr) ?? hrnet.Ocr },
            HRNetPoseDefinition hrnet => hrnet with { Config = Over(recipe, hrnet.Config), FinalKernel = recipe.FinalKernel ?? hrnet.FinalKernel },
            ResNetClassifierDefinition resnet => resnet with { Config = Over(recipe, resnet.Config) },
            FcnDefinition fcn => fcn with { Config = Over(recipe, fcn.Config), Fcn = Over(recipe, fcn.Fcn) },
            DeepLabV3Definition deeplab => deeplab with { Config = Over(recipe, deeplab.Config), Aspp = recipe.Aspp?.Over(deeplab.Aspp) ?? deeplab.Aspp, Fcn = Over(recipe, deeplab.Fcn) },
            EfficientNetDefinition efficient => efficient with { Config = Over(recipe, efficient.Config) },
            UNetDefinition unet => unet with { Config = Over(recipe, unet.Config), UNet = recipe.UNet?.Over(unet.UNet) ?? unet.UNet },
            SANetDefinition sanet => Define(recipe, sanet),
            HRNetPyramidDefinition hrnet => hrnet with { Config = Over(recipe, hrnet.Config) },
            HRNetClassifierDefinition hrnet => hrnet with { Config = Over(recipe, hrnet.Config) },
            _ => definition,
        };
    }

    /// <summary>The segmentation network that a recipe's model section describes.</summary>
    /// <exception cref="ArgumentException">It describes none, or none for segmentation.</exception>
    public static SegmentationDefinition DefineSegmentation(ModelRecipe recipe) => Zoo.AsSegmentation(Define(recipe));

    /// <summary>Gives the weights the initial values that the recipe asks for; those of attention modules stay their own.</summary>
    public static void Initialise(SegmentationNet net, Initialization init)
    {
        switch (init)
        {
            case Initialization.Published:
                net.InitialiseAsPublished();
                break;
            case Initialization.HRNet:
                HRNetValues.Normal(net.Weights, HRNetValues.Deviation, net is HRNetOcr ocr ? ocr.HeadPaths : []);
                break;
            case Initialization.PyTorch:
                break;
            case Initialization.Kaiming:
                foreach (var (name, tensor) in net.Weights.Parameters)
                    if (tensor.Dimensions == 4 && !name.Contains(".deattn.", StringComparison.Ordinal))
                        Nn.Init.KaimingNormal(tensor);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(init), init, "an initialisation that is not known");
        }
    }

    static DinoDefinition Define(ModelRecipe recipe, DinoDefinition dino)
    {
        var config = recipe.Transformer?.Over(dino.Config) ?? dino.Config;
        config.Check();
        return dino with { Config = config, Head = recipe.DepthHead?.Over(dino.Head) ?? dino.Head };
    }

    static HRNetConfig Over(ModelRecipe recipe, HRNetConfig named)
    {
        var config = named with
        {
            Stage1Blocks = recipe.Stage1?.Blocks[0] ?? named.Stage1Blocks,
            Stage1Channels = recipe.Stage1?.Channels[0] ?? named.Stage1Channels,
            Stage2 = Stage(recipe.Stage2) ?? named.Stage2,
            Stage3 = Stage(recipe.Stage3) ?? named.Stage3,
            Stage4 = Stage(recipe.Stage4) ?? named.Stage4,
            AlignCorners = recipe.AlignCorners ?? named.AlignCorners,
            Momentum = recipe.BatchNormMomentum ?? named.Momentum,
            Attention = recipe.Attention is { } attention ? attention.Over(named.Attention) : named.Attention,
        };
        config.Check();
        return config;
    }

    static ResNetConfig Over(ModelRecipe recipe, ResNetConfig named)
    {
        var config = (recipe.ResNet?.Over(named) ?? named) with
        {
            Momentum = recipe.BatchNormMomentum ?? named.Momentum,
            Attention = recipe.Attention is { } attention ? attention.Over(named.Attention) : named.Attention,
        };
        config.Check();
        return config;
    }

    static EfficientNetConfig Over(ModelRecipe recipe, EfficientNetConfig named) =>
        (recipe.EfficientNet?.Over(named) ?? named) with { Momentum = recipe.BatchNormMomentum ?? named.Momentum };

    static SANetDefinition Define(ModelRecipe recipe, SANetDefinition sanet)
    {
        if (recipe.Fcn is { Auxiliary: true } or { Names: "encoding" })
            throw new ArgumentException("fcn.auxiliary, fcn.names: a SANet's FCN head stands alone under torchvision's names; remove them");
        return sanet with
        {
            ResNet = sanet.ResNet is { } resnet ? Over(recipe, resnet) : null,
            EfficientNet = sanet.EfficientNet is { } efficient ? Over(recipe, efficient) : null,
            SANet = (recipe.SANet?.Over(sanet.SANet) ?? sanet.SANet) with { Momentum = recipe.BatchNormMomentum ?? sanet.SANet.Momentum },
            Fcn = Over(recipe, sanet.Fcn),
        };
    }

    static FcnConfig Over(ModelRecipe recipe, FcnConfig named) =>
        (recipe.Fcn?.Over(named) ?? named) with { AlignCorners = recipe.AlignCorners ?? named.AlignCorners };

    // Which family is checked when a recipe is read, as are the stages.
    static ModelDefinition OfFamily(ModelRecipe recipe)
    {
        var (name, description) = ($"{recipe.Family} of the recipe", "as the recipe describes it");
        HRNetConfig Config() => new() { Stage2 = Stage(recipe.Stage2)!, Stage3 = Stage(recipe.Stage3)!, Stage4 = Stage(recipe.Stage4)! };
        return recipe.Family switch
        {
            "hrnetv2" => new HRNetV2Definition { Name = name, Description = description, Config = Config() },
            "hrnetv2-ocr" => new HRNetOcrDefinition { Name = name, Description = description, Config = Config() with { AlignCorners = true } },
            "hrnet-pose" => new HRNetPoseDefinition { Name = name, Description = description, Config = Config() },
            "hrnetv2p" => new HRNetPyramidDefinition { Name = name, Description = description, Config = Config() },
            "hrnet-cls" => new HRNetClassifierDefinition { Name = name, Description = description, Config = Config() },
            "resnet" => new ResNetClassifierDefinition { Name = name, Description = description, Config = ResNetConfig.R50 },
            "fcn-resnet" => new FcnDefinition { Name = name, Description = description, Config = ResNetConfig.R50 with { OutputStride = 8 } },
            "deeplabv3-resnet" => new DeepLabV3Definition { Name = name, Description = description, Config = ResNetConfig.R50 with { OutputStride = 8 } },
            "unet-resnet" => new UNetDefinition { Name = name, Description = description, Config = ResNetConfig.R50 },
            "unet-resnet-multidecoder" => new UNetDefinition { Name = name, Description = description, Config = ResNetConfig.R50, DepthDecoder = true },
            "sanet-resnet" => new SANetDefinition { Name = name, Description = description, ResNet = ResNetConfig.R50 with { OutputStride = 8 } },
            "sanet-efficientnet" => new SANetDefinition { Name = name, Description = description, EfficientNet = EfficientNetConfig.B0 with { OutputStride = 8 } },
            "efficientnet" => new EfficientNetDefinition { Name = name, Description = description, Config = EfficientNetConfig.B0 },
            "efficientnet-features" => new EfficientNetDefinition { Name = name, Description = description, Config = EfficientNetConfig.B0, FeaturesOnly = true, PublishedClasses = 0 },
            "dinov2" => new DinoDefinition { Name = name, Description = description, Config = recipe.Transformer!.Over(DinoConfig.ViTS14) },
            _ => throw new ArgumentException($"family '{recipe.Family}' is not known; hrnetv2, hrnetv2-ocr, hrnet-pose, hrnetv2p, hrnet-cls, resnet, fcn-resnet, deeplabv3-resnet, efficientnet, efficientnet-features, unet-resnet, unet-resnet-multidecoder, sanet-resnet, sanet-efficientnet or dinov2 was wanted"),
        };
    }

    static HRNetStage? Stage(StageRecipe? stage) => stage is null ? null : new HRNetStage(stage.Modules, stage.Blocks.ToArray(), stage.Channels.ToArray());
}
