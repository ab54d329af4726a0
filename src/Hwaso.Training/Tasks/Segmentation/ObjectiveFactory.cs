using Hwaso.Models;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>Makes the objective of a network from the losses in a recipe.</summary>
public static class ObjectiveFactory
{
    // The published weights: the official OCR configurations; torchvision's references for FCN and DeepLabV3; SANet's best of its grid; the
    // multi-decoder paper's.
    const double OcrAuxiliary = 0.4, FcnAuxiliary = 0.5, Categorical = 0.2, Dense = 0.8, Semantic = 0.85, Depth = 0.15;
    // PIDNet's configurations.
    const double Fine = 0.4, Edges = 20, EdgePixels = 1;
    // STDC's code.
    const double Contexts = 1, Details = 1;

    /// <summary>The objective of a network, in a stage of its training.</summary>
    /// <param name="net">The network.</param>
    /// <param name="recipe">The loss.</param>
    /// <param name="file">Where the recipe's keys stand.</param>
    /// <param name="stage">The stage; null where training has none.</param>
    /// <exception cref="RecipeException">
    /// The recipe weighs a head that the network does not have, or has stages or depth for one without a depth decoder.
    /// </exception>
    public static ISegmentationObjective Of(SegmentationNet net, LossRecipe recipe, RecipeFile file, TrainStageRecipe? stage = null)
    {
        var heads = recipe.Heads;
        if (net is UNetMultiDecoder decoders)
            return Decoders(decoders, recipe, file, stage);
        if (stage is not null)
            throw file.Error("stages", "are of networks with a semantic and a depth decoder, such as unet-resnet50-multidecoder; "
                + $"{NameOf(file)} has one; remove them");
        if (file.Recipe.Data.Depth is not null)
            throw file.Error("data.depth", $"is not learned by {NameOf(file)}; remove it, "
                + "or take a network with a depth decoder, such as unet-resnet50-multidecoder");
        const string Decoder = "a decoder beside another; unet-resnet50-multidecoder has two";
        Require(false, heads.Semantic, "semantic", Decoder);
        Require(false, heads.Depth, "depth", Decoder);
        var hasAuxiliary = net is ISeveralOutputs { OutputNames: var names } && names.Count > 1 && names[^1].Length == 0
            && names.SkipLast(1).All(name => name.StartsWith("aux", StringComparison.Ordinal));
        var edges = (net as ILearnsEdges)?.Edges;
        Require(hasAuxiliary || edges is not null, heads.Auxiliary, "auxiliary",
            "an auxiliary head; HRNet with OCR, FCN, DeepLab, PSPNet, UPerNet, DDRNet, PIDNet, BiSeNetV2 and STDC have one");
        Require(edges is not null, heads.Edges, "edges", "a map of edges; PIDNets and STDCs have one");
        Require(edges == EdgeKind.Wide, heads.EdgePixels, "edge_pixels", "a map of edges; PIDNets have one");
        Require(net is SANet, heads.Categorical, "categorical", "a categorical output; SANets have one");
        Require(net is SANet, heads.Dense, "dense", "a dense loss beside another; SANets have one");
        var paired = recipe.Kind == LossKind.MaskClassification;
        if (paired != net is IMaskQueries)
            throw file.Error("loss.name", paired
                ? $"mask_classification is for networks with queries, such as EoMT and Mask2Former; {NameOf(file)} has none"
                : $"{NameOf(file)} answers with classes and masks of queries; give 'loss: {{ name: mask_classification }}'");
        if (net is SANet { Classes: ModelRecipe.OneChannel })
            throw file.Error("model", $"{NameOf(file)} learns which classes are in an image and needs a channel for each: remove "
                + "model.classes and loss.name binary_cross_entropy, or take another network");
        return net switch
        {
            IMaskQueries queries => new MaskSetObjective(
                queries, net.Classes, new MaskSetLoss(new() { Points = recipe.Points, NoObject = recipe.NoObject }), recipe.IgnoreIndex),
            SANet sanet => Squeezed(sanet),
            _ when edges == EdgeKind.Wide => new EdgeObjective(
                net, Pixels(recipe, net), FineLoss(recipe, net), heads.Auxiliary ?? Fine, new BoundaryLoss(heads.Edges ?? Edges),
                heads.EdgePixels ?? EdgePixels, recipe.IgnoreIndex),
            _ when edges == EdgeKind.Details => new DetailObjective(
                net, Pixels(recipe, net), heads.Auxiliary ?? Contexts, heads.Edges ?? Details),
            // At weight 0 the head does not run.
            ISeveralOutputs several when hasAuxiliary && heads.Auxiliary != 0 => new AuxiliaryObjective(
                several, Pixels(recipe, net), net is IAuxiliaryWeight { AuxiliaryIsLikeAnswer: true } ? Pixels(recipe, net)
                : Plain(recipe, net), heads.Auxiliary ?? Published(net)),
            _ => new AnswerObjective(net, Pixels(recipe, net)),
        };

        static double Published(SegmentationNet net) => net switch
        {
            IAuxiliaryWeight own => own.AuxiliaryWeight,
            HRNetOcr => OcrAuxiliary,
            _ => FcnAuxiliary,
        };

        SqueezeAttentionObjective Squeezed(SANet sanet)
        {
            var pixels = Pixels(recipe, net);
            var presence = new ClassPresence(recipe.IgnoreIndex);
            var loss = new SqueezeAttentionLoss(pixels, presence, heads.Categorical ?? Categorical, heads.Dense ?? Dense);
            return new SqueezeAttentionObjective(sanet, pixels, loss);
        }

        void Require(bool has, double? weight, string key, string missing)
        {
            if (!has && weight is not null)
                throw file.Error($"loss.heads.{key}", $"weighs what {NameOf(file)} does not have, {missing}; remove it");
        }
    }

    static string? NameOf(RecipeFile file) => file.Model.Name ?? file.Model.Family;

    static MultiDecoderObjective Decoders(UNetMultiDecoder net, LossRecipe recipe, RecipeFile file, TrainStageRecipe? stage)
    {
        var heads = recipe.Heads;
        foreach (var (weight, key) in new[] { (heads.Auxiliary, "auxiliary"), (heads.Categorical, "categorical"), (heads.Dense, "dense") })
            if (weight is not null)
                throw file.Error($"loss.heads.{key}",
                    $"weighs what {NameOf(file)} does not have: its outputs are weighed by 'semantic' and 'depth'; remove it");
        if (stage is not null && (heads.Semantic ?? heads.Depth) is not null)
            throw file.Error("loss.heads", "excludes 'stages', which have weights of their own; remove one of the two");
        var (semantic, depth) = stage is null
            ? (heads.Semantic ?? Semantic, heads.Depth ?? Depth) : (stage.SemanticWeight, stage.DepthWeight);
        if (semantic == 0 && depth == 0)
            throw file.Error("loss.heads", "both decoders' weights are 0: nothing would be learned");
        if (stage is { Copy: not DecoderCopy.None } && net.DecoderDifference() is var (tensor, ours, theirs))
        {
            var index = file.Recipe.Stages.TakeWhile(s => s.Name != stage.Name).Count();
            throw file.Error($"stages[{index}].copy",
                $"the decoders are of different shapes: {tensor} is {ours}, in the depth decoder {theirs}; "
                + "remove it, or give model.unet.depth_channels the values of model.unet.channels");
        }
        if (depth > 0 && file.Recipe.Data.Depth is null)
            throw file.Error("data", "names no depth for the depth decoder to learn; "
                + "give 'depth: disparity' for Cityscapes' own, or a folder of depth PNGs");
        return new MultiDecoderObjective(net, Pixels(recipe, net), semantic, depth);
    }

    static IPixelLoss Pixels(LossRecipe recipe, SegmentationNet net)
    {
        if (recipe.Kind == LossKind.BinaryCrossEntropy)
            return new BinaryCrossEntropy(recipe.PositiveWeight, recipe.IgnoreIndex, net.AlignCorners);
        return OfChannels(OfClasses(recipe, net), net);
    }

    static IPixelLoss OfClasses(LossRecipe recipe, SegmentationNet net)
    {
        var (ignore, corners) = (recipe.IgnoreIndex, net.AlignCorners);
        return recipe.Kind switch
        {
            LossKind.CrossEntropy => Entropy(recipe, net),
            LossKind.Focal => new Focal(recipe.Alpha, recipe.Gamma, ignore, corners),
            LossKind.HardPixels => new HardPixels(
                recipe.Threshold, recipe.Keep, ignore, Weights(recipe), corners, RuleOf(recipe.Rule)),
            LossKind.Dice => Shared(new Dice(recipe.Smooth, ignore, corners)),
            LossKind.Lovasz => Shared(new LovaszSoftmax(ignore, corners)),
            _ => throw new ArgumentOutOfRangeException(nameof(recipe), recipe.Kind, "a loss that is not known"),
        };

        IPixelLoss Shared(IPixelLoss regions) =>
            recipe.CrossEntropyShare == 0 ? regions : new WithCrossEntropy(regions, Entropy(recipe, net), recipe.CrossEntropyShare);
    }

    static IPixelLoss Plain(LossRecipe recipe, SegmentationNet net) => OfChannels(Entropy(recipe, net), net);

    static IPixelLoss OfChannels(IPixelLoss loss, SegmentationNet net) =>
        net.Classes == ModelRecipe.OneChannel ? new TwoClassLoss(loss) : loss;

    static CrossEntropy Entropy(LossRecipe recipe, SegmentationNet net) =>
        new(recipe.IgnoreIndex, Weights(recipe), recipe.LabelSmoothing, net.AlignCorners, recipe.AverageOverAll);

    // PIDNet's code adds the costs of this head pixel by pixel to its other losses and then takes the mean over all pixels.
    static IPixelLoss FineLoss(LossRecipe recipe, SegmentationNet net) => OfChannels(
        new CrossEntropy(recipe.IgnoreIndex, Weights(recipe), recipe.LabelSmoothing, net.AlignCorners, overAll: true), net);

    static HardPixelRule RuleOf(HardPixelKind kind) => kind switch
    {
        HardPixelKind.HRNet => HardPixelRule.HRNet,
        HardPixelKind.BiSeNet => HardPixelRule.BiSeNet,
        HardPixelKind.MmSegmentation => HardPixelRule.MmSegmentation,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a rule that is not known"),
    };

    static double[]? Weights(LossRecipe recipe) => recipe.ClassWeights?.ToArray();
}
