using Hwaso.Models.Attention;
using Hwaso.Recipes;

namespace Hwaso.Models.Networks;

/// <summary>Every network of Hwaso: <see cref="NetworkList"/> with a line for each architecture.</summary>
public static class Zoo
{
    /// <summary>The list itself, to which a program can add networks of its own.</summary>
    public static NetworkList Networks { get; } = new(
        HRNetV2Definition.Family,
        HRNetOcrDefinition.Family,
        HRNetPoseDefinition.Family,
        HRNetPyramidDefinition.Family,
        HRNetDetectorDefinition.Family,
        HRNetClassifierDefinition.Family,
        ResNetClassifierDefinition.Family,
        ResNetDetectorDefinition.Family,
        FcnDefinition.Family,
        DeepLabV3Definition.Family,
        EfficientNetDefinition.Family,
        UNetDefinition.Family,
        EncoderDecoderDefinition.Family,
        SANetDefinition.Family,
        SegFormerDefinition.Family,
        DecodeHeadDefinition.Family,
        DdrNetDefinition.Family,
        PidNetDefinition.Family,
        BiSeNetV2Definition.Family,
        StdcDefinition.Family,
        LrAsppDefinition.Family,
        EomtDefinition.Family,
        Mask2FormerDefinition.Family,
        DinoDefinition.Family,
        DinoV3Definition.Family);

    /// <inheritdoc cref="NetworkList.All"/>
    public static IReadOnlyList<ModelDefinition> All => Networks.All;

    /// <inheritdoc cref="NetworkList.Find"/>
    public static ModelDefinition Find(string name) => Networks.Find(name);

    /// <summary>The segmentation network of a name.</summary>
    /// <exception cref="ArgumentException">There is none, or the network is none for segmentation.</exception>
    public static SegmentationDefinition FindSegmentation(string name) => AsSegmentation(Find(name));

    /// <inheritdoc cref="NetworkList.Define"/>
    public static ModelDefinition Define(ModelRecipe recipe) => Networks.Define(recipe);

    /// <summary>The segmentation network that a recipe's model section describes.</summary>
    /// <exception cref="ArgumentException">As <see cref="NetworkList.Define"/>, or the network is none for segmentation.</exception>
    /// <exception cref="RecipeException">As <see cref="NetworkList.Define"/>.</exception>
    public static SegmentationDefinition DefineSegmentation(ModelRecipe recipe) => AsSegmentation(Define(recipe));

    /// <inheritdoc cref="NetworkList.Resolve"/>
    public static ModelRecipe Resolve(ModelRecipe recipe) => Networks.Resolve(recipe);

    /// <summary>The definition as one of a segmentation network.</summary>
    /// <exception cref="ArgumentException">It is another's.</exception>
    public static SegmentationDefinition AsSegmentation(ModelDefinition definition) => definition as SegmentationDefinition
        ?? throw new ArgumentException($"{definition.Name} is a network for {definition.Task.Word()}; a segmentation network was wanted");

    /// <summary>The attention module of a name; null for <c>none</c>.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static AttentionModule? FindAttention(string name) => name == "none"
        ? null
        : AttentionModule.All.FirstOrDefault(a => a.Name == name)
          ?? throw new ArgumentException(
              $"attention '{name}': none, "
              + $"{string.Join(", ", AttentionModule.All.Select(a => a.Name))} were wanted");
}
