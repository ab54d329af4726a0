namespace Hwaso.Recipes;

/// <summary>Writing the checkpoint from which a run resumes; the end of a run always writes one.</summary>
public sealed record SaveRecipe
{
    /// <summary>Epochs between two checkpoints, at least 1.</summary>
    public int Every { get; init; } = 1;

    internal static SaveRecipe Read(YamlMap map)
    {
        var save = new SaveRecipe();
        return save with { Every = map["every"].Int(min: 1) ?? save.Every };
    }

    internal void Write(YamlWriter yaml) => yaml.Int("every", Every);
}
