using Hwaso.Training.Recipes.Yaml;

namespace Hwaso.Training.Recipes;

/// <summary>The loss, used in training and in validation alike.</summary>
public sealed record LossRecipe
{
    static readonly Choices<LossKind> Kinds = new(("cross_entropy", LossKind.CrossEntropy));

    /// <summary>The weights of Cityscapes' 19 training classes in the official HRNet code.</summary>
    public static ValueList<double> CityscapesWeights { get; } =
    [
        0.8373, 0.918, 0.866, 1.0345, 1.0166, 0.9969, 0.9754, 1.0489, 0.8786, 1.0023,
        0.9539, 0.9843, 1.1116, 0.9037, 1.0865, 1.0955, 1.0865, 1.1529, 1.0507,
    ];

    /// <summary>Which loss.</summary>
    public LossKind Kind { get; init; } = LossKind.CrossEntropy;

    /// <summary>The label of pixels that do not count, 0 to 255 and no class of the network.</summary>
    public int IgnoreIndex { get; init; } = 255;

    /// <summary>A weight for each class, 0 or more; null where all count alike.</summary>
    public ValueList<double>? ClassWeights { get; init; }

    internal static LossRecipe Read(YamlMap map, int? classes)
    {
        var loss = new LossRecipe();
        loss = loss with
        {
            Kind = map["name"].Choice(Kinds) ?? loss.Kind,
            IgnoreIndex = map["ignore_index"].Int(min: 0, max: 255) ?? loss.IgnoreIndex,
            ClassWeights = ReadWeights(map["class_weights"]),
        };
        if (loss.IgnoreIndex < classes) throw (map["ignore_index"].Node ?? map).Error($"{loss.IgnoreIndex} is one of the network's {classes} classes; wants a label outside them");
        if (classes is { } wanted && loss.ClassWeights is { } weights && weights.Count != wanted)
            throw map["class_weights"].Node!.Error($"holds {weights.Count} weights for a network of {wanted} classes");
        return loss;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("name", Kinds.NameOf(Kind));
        yaml.Int("ignore_index", IgnoreIndex);
        if (ClassWeights is null) yaml.Text("class_weights", "none");
        else yaml.Numbers("class_weights", ClassWeights);
    }

    static ValueList<double>? ReadWeights(YamlField field)
    {
        if (field.Node is not YamlScalar) return Checked(field, field.Numbers(min: 0));
        return field.Name(["none", "cityscapes"]) == "none" ? null : CityscapesWeights;
    }

    static ValueList<double>? Checked(YamlField field, ValueList<double>? weights) =>
        weights is null || weights.Any(weight => weight > 0) ? weights : throw field.Node!.Error("wants at least one weight above 0");
}
