using Hwaso.Models;
using Hwaso.Models.Backbones;
using Hwaso.Models.Families;
using Hwaso.Models.Networks;
using Hwaso.Training.Recipes;

namespace Hwaso.Training.Networks;

/// <summary>From what a recipe says of a network to the network.</summary>
public static class ModelFactory
{
    /// <summary>The definition that a recipe's model section describes.</summary>
    /// <exception cref="ArgumentException">An unknown name or family, or settings that do not fit each other.</exception>
    public static ModelDefinition Define(ModelRecipe recipe)
    {
        var definition = recipe.Name is { } name ? Zoo.Find(name) : OfFamily(recipe);
        if (definition is DinoDefinition dino)
            return Define(recipe, dino);
        if (definition is not HRNetV2Definition hrnet)
            return definition;
        var config = hrnet.Config with
        {
            Stage1Blocks = recipe.Stage1?.Blocks[0] ?? hrnet.Config.Stage1Blocks,
            Stage1Channels = recipe.Stage1?.Channels[0] ?? hrnet.Config.Stage1Channels,
            Stage2 = Stage(recipe.Stage2) ?? hrnet.Config.Stage2,
            Stage3 = Stage(recipe.Stage3) ?? hrnet.Config.Stage3,
            Stage4 = Stage(recipe.Stage4) ?? hrnet.Config.Stage4,
            AlignCorners = recipe.AlignCorners ?? hrnet.Config.AlignCorners,
            Momentum = recipe.BatchNormMomentum ?? hrnet.Config.Momentum,
            Attention = recipe.Attention is { } attention ? Zoo.FindAttention(attention) : hrnet.Config.Attention,
        };
        config.Check();
        return hrnet with { Config = config, FinalKernel = recipe.FinalKernel ?? hrnet.FinalKernel };
    }

    /// <summary>The segmentation network that a recipe's model section describes.</summary>
    /// <exception cref="ArgumentException">It describes none, or none for segmentation.</exception>
    public static SegmentationDefinition DefineSegmentation(ModelRecipe recipe) => Zoo.AsSegmentation(Define(recipe));

    /// <summary>Gives the weights the initial values that the recipe asks for; those of attention modules stay their own.</summary>
    public static void Initialise(SegmentationNet net, Initialization init)
    {
        switch (init)
        {
            case Initialization.HRNet when net is HRNetV2 hrnet:
                hrnet.InitialiseAsPublished();
                break;
            case Initialization.HRNet or Initialization.PyTorch:
                break;
            case Initialization.Kaiming:
                foreach (var (name, tensor) in net.Weights.Parameters)
                    if (tensor.Dimensions == 4 && !name.Contains(".deattn.", StringComparison.Ordinal))
                        Nn.Initialise.KaimingNormal(tensor);
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

    static ModelDefinition OfFamily(ModelRecipe recipe) => recipe.Family switch
    {
        "hrnetv2" => new HRNetV2Definition
        {
            Name = "hrnetv2 of the recipe",
            Description = "HRNetV2 with the recipe's stages",
            Config = new HRNetConfig { Stage2 = Stage(recipe.Stage2)!, Stage3 = Stage(recipe.Stage3)!, Stage4 = Stage(recipe.Stage4)! },
        },
        "dinov2" => new DinoDefinition { Name = "dinov2 of the recipe", Description = "DINOv2 with the recipe's transformer", Config = recipe.Transformer!.Over(DinoConfig.ViTS14) },
        _ => throw new ArgumentException($"family '{recipe.Family}' is not known; hrnetv2 or dinov2 was wanted"),
    };

    static HRNetStage? Stage(StageRecipe? stage) => stage is null ? null : new HRNetStage(stage.Modules, stage.Blocks.ToArray(), stage.Channels.ToArray());
}
