using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;

namespace Hwaso.Models.Families;

/// <summary>The DINOv2 networks by name: <c>dinov2-vits14</c>, <c>dinov2-vits14-reg</c>, <c>dinov2-vits14-depth-dpt</c>, …</summary>
public static class DinoFamily
{
    // Counts of the official implementation.
    static readonly (string Size, DinoConfig Config, long? Parameters)[] sizes =
    [
        ("vits14", DinoConfig.ViTS14, 22_056_576),
        ("vitb14", DinoConfig.ViTB14, 86_580_480),
        ("vitl14", DinoConfig.ViTL14, null),
    ];

    /// <summary>Every definition: the transformers, those with registers, the depth networks.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        .. sizes.Select(s => Transformer($"dinov2-{s.Size}", "DINOv2 vision transformer", s.Config, s.Parameters)),
        .. sizes.Select(s => Transformer($"dinov2-{s.Size}-reg", "DINOv2 vision transformer with four registers", s.Config.WithRegisters(), null)),
        .. sizes.SelectMany(s => DepthHead.All.Select(h => Depth(s.Size, s.Config, h))),
    ];

    static DinoDefinition Transformer(string name, string description, DinoConfig config, long? parameters) =>
        new() { Name = name, Description = description, Config = config, PublishedParameters = parameters };

    static DinoDefinition Depth(string size, DinoConfig config, DepthHead head) =>
        new() { Name = $"dinov2-{size}-depth-{head.Name}", Description = $"DINOv2 with the {head.Name} depth head, to {head.MaxDepth} m", Config = config, Head = head };
}
