using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>Which keys of a model section belong to which network, and which a family cannot do without.</summary>
static class ModelKeys
{
    static readonly string[] stages = ["stage1", "stage2", "stage3", "stage4"];
    static readonly string[] common = ["classes", "bn_momentum"];

    // By how the name or family begins or ends, the special before the general.
    static readonly (Func<string, bool> Fits, string[] Keys)[] families =
    [
        (n => n.StartsWith("dinov2", StringComparison.Ordinal), ["transformer", "depth_head"]),
        (n => n.StartsWith("resnet", StringComparison.Ordinal), [.. common, "attention", "resnet"]),
        (n => n.Contains("fcn-resnet", StringComparison.Ordinal), [.. common, "attention", "align_corners", "resnet", "fcn"]),
        (n => n.StartsWith("deeplabv3-resnet", StringComparison.Ordinal), [.. common, "attention", "align_corners", "resnet", "fcn", "aspp"]),
        (n => n.EndsWith("-features", StringComparison.Ordinal), ["bn_momentum", "efficientnet"]),
        (n => n.StartsWith("efficientnet", StringComparison.Ordinal), [.. common, "efficientnet"]),
        (n => n.StartsWith("unet-resnet", StringComparison.Ordinal), [.. common, "attention", "resnet", "unet"]),
        (n => n.StartsWith("sanet-resnet", StringComparison.Ordinal), [.. common, "attention", "align_corners", "resnet", "fcn", "sanet"]),
        (n => n.StartsWith("sanet-efficientnet", StringComparison.Ordinal), [.. common, "align_corners", "efficientnet", "fcn", "sanet"]),
        (n => n.EndsWith("-ocr", StringComparison.Ordinal), [.. common, "attention", .. stages, "align_corners", "ocr"]),
        (n => n.EndsWith("-pose", StringComparison.Ordinal), [.. common, "attention", .. stages, "final_kernel"]),
        (n => n.StartsWith("hrnetv2p", StringComparison.Ordinal), ["bn_momentum", "attention", .. stages]),
        (n => n.EndsWith("-cls", StringComparison.Ordinal), [.. common, "attention", .. stages]),
        (_ => true, [.. common, "attention", .. stages, "align_corners", "final_kernel"]),
    ];

    static readonly string[] all = [.. families.SelectMany(f => f.Keys).Distinct()];

    /// <summary>Refuses what does not belong to the network, and a family without its sizes.</summary>
    /// <exception cref="RecipeException">A key too many, or one too few.</exception>
    public static void Check(ModelRecipe model, YamlMap map)
    {
        var network = model.Family ?? model.Name!;
        var keys = Of(network);
        foreach (var key in all.Except(keys))
            if (map.Find(key) is { } entry)
                throw entry.Value.Error($"does not belong to {network}; remove it, or change the network");
        if (model.UNet?.DepthChannels is not null && !network.Contains("multidecoder", StringComparison.Ordinal))
            throw map.Section("unet")["depth_channels"].Node!.Error($"does not belong to {network}, which has no depth decoder; remove it, or take one with multidecoder in its name");
        if (model.Family is null)
            return;
        if (keys.Contains("transformer"))
        {
            var transformer = map.Section("transformer");
            if (model.Transformer?.Width is null) throw transformer.Missing("width", "the width of a token, because 'family' names no sizes");
            if (model.Transformer.Depth is null) throw transformer.Missing("depth", "a number of blocks, because 'family' names no sizes");
            if (model.Transformer.Heads is null) throw transformer.Missing("heads", "a number of attention heads, because 'family' names no sizes");
        }
        if (keys.Contains("resnet") && model.ResNet?.Blocks is null)
            throw map.Section("resnet").Missing("blocks", "a list of 4 block counts, because 'family' names no sizes");
        if (keys.Contains("efficientnet") && model.EfficientNet?.HasEveryStage != true)
            throw map.Section("efficientnet").Missing("expand, kernels, strides, channels, layers", "each a list with a value a stage, because 'family' names no sizes");
        if (keys.Contains("stage2"))
        {
            if (model.Stage2 is null) throw map.Missing("stage2", "blocks and channels, because 'family' names no sizes");
            if (model.Stage3 is null) throw map.Missing("stage3", "blocks and channels, because 'family' names no sizes");
            if (model.Stage4 is null) throw map.Missing("stage4", "blocks and channels, because 'family' names no sizes");
        }
    }

    static string[] Of(string network)
    {
        var plain = network.Split('+')[0];
        return families.First(f => f.Fits(plain)).Keys;
    }
}
