namespace Hwaso.Models.Heads;

/// <summary>What a dilated network's parts are called in the state dict.</summary>
public sealed record FcnNames
{
    /// <summary>The backbone.</summary>
    public required string Backbone { get; init; }

    /// <summary>The head.</summary>
    public required string Head { get; init; }

    /// <summary>The auxiliary head.</summary>
    public required string Auxiliary { get; init; }

    /// <summary>What stands between a head's name and its layers' numbers; null for nothing.</summary>
    public string? Layers { get; init; }

    /// <summary>torchvision's: <c>backbone</c>, <c>classifier.0</c>, <c>aux_classifier.0</c>.</summary>
    public static FcnNames Torchvision { get; } = new() { Backbone = "backbone", Head = "classifier", Auxiliary = "aux_classifier" };

    /// <summary>PyTorch-Encoding's: <c>pretrained</c>, <c>head.conv5.0</c>, <c>auxlayer.conv5.0</c>.</summary>
    public static FcnNames Encoding { get; } = new() { Backbone = "pretrained", Head = "head", Auxiliary = "auxlayer", Layers = "conv5" };
}
