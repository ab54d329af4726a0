using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Training.Recipes;

namespace Hwaso.Training.Objectives;

/// <summary>From what a recipe says of the loss, and what a network puts out, to what is learned.</summary>
public static class ObjectiveFactory
{
    // The published weights: the official OCR configurations; torchvision's references for FCN and DeepLabV3; SANet's best of its grid.
    const double OcrAuxiliary = 0.4, FcnAuxiliary = 0.5, Categorical = 0.2, Dense = 0.8;

    /// <summary>The objective of a network.</summary>
    /// <exception cref="RecipeException">The recipe weighs a head that the network does not have.</exception>
    public static ITrainingObjective Of(SegmentationNet net, LossRecipe recipe, RecipeFile file)
    {
        var heads = recipe.Heads;
        var hasAuxiliary = net is ISeveralOutputs { OutputNames: ["aux", ""] };
        Require(hasAuxiliary, heads.Auxiliary, "auxiliary", "an auxiliary head; HRNet with OCR, FCN and DeepLabV3 have one");
        Require(net is SANet, heads.Categorical, "categorical", "a categorical output; SANets have one");
        Require(net is SANet, heads.Dense, "dense", "a dense loss beside another; SANets have one");
        return net switch
        {
            SANet sanet when Pixels(recipe, net) is var loss => new SqueezeAttentionObjective(
                sanet, loss, new SqueezeAttentionLoss(loss, new ClassPresence(recipe.IgnoreIndex), heads.Categorical ?? Categorical, heads.Dense ?? Dense)),
            // At weight 0 the head is not even asked.
            ISeveralOutputs several when hasAuxiliary && heads.Auxiliary != 0 => new AuxiliaryObjective(
                several, Pixels(recipe, net), Plain(recipe, net), heads.Auxiliary ?? (net is HRNetOcr ? OcrAuxiliary : FcnAuxiliary)),
            _ => new AnswerObjective(net, Pixels(recipe, net)),
        };

        void Require(bool has, double? weight, string key, string missing)
        {
            if (!has && weight is not null)
                throw file.Error($"loss.heads.{key}", $"weighs what {file.Model.Name ?? file.Model.Family} does not have, {missing}; remove it");
        }
    }

    static IPixelLoss Pixels(LossRecipe recipe, SegmentationNet net)
    {
        var (ignore, corners) = (recipe.IgnoreIndex, net.AlignCorners);
        return recipe.Kind switch
        {
            LossKind.CrossEntropy => new CrossEntropy(ignore, Weights(recipe), recipe.LabelSmoothing, corners),
            LossKind.Focal => new Focal(recipe.Alpha, recipe.Gamma, ignore, corners),
            LossKind.HardPixels => new HardPixels(recipe.Threshold, recipe.Keep, ignore, Weights(recipe), corners),
            LossKind.Dice => Shared(new Dice(recipe.Smooth, ignore, corners)),
            LossKind.Lovasz => Shared(new LovaszSoftmax(ignore, corners)),
            _ => throw new ArgumentOutOfRangeException(nameof(recipe), recipe.Kind, "a loss that is not known"),
        };

        IPixelLoss Shared(IPixelLoss regions) => recipe.CrossEntropyShare == 0 ? regions : new WithCrossEntropy(regions, Plain(recipe, net), recipe.CrossEntropyShare);
    }

    static CrossEntropy Plain(LossRecipe recipe, SegmentationNet net) => new(recipe.IgnoreIndex, Weights(recipe), recipe.LabelSmoothing, net.AlignCorners);

    static double[]? Weights(LossRecipe recipe) => recipe.ClassWeights?.ToArray();
}
