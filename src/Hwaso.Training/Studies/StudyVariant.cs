using Hwaso.Recipes;

namespace Hwaso.Training.Studies;

/// <summary>A row of a study's table: a recipe with the settings that make it this variant.</summary>
public sealed class StudyVariant
{
    readonly string recipe;
    readonly YamlNode recipeNode;
    readonly IReadOnlyList<YamlEntry> settings;

    internal StudyVariant(
        string name,
        YamlNode? against,
        string where,
        PublishedResult published,
        YamlNode recipeNode,
        string recipe,
        IReadOnlyList<YamlEntry> settings)
    {
        (Name, AgainstNode, Where, Published) = (name, against, where, published);
        (this.recipeNode, this.recipe, this.settings) = (recipeNode, recipe, settings);
        var letters = string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '.' or '_' or '+' or '-' ? c : ' '));
        Folder = string.Join('-', letters.Split([' ', '-'], StringSplitOptions.RemoveEmptyEntries)).Trim('.');
    }

    /// <summary>Its name in the table.</summary>
    public string Name { get; }

    /// <summary>The variant that it is compared with; null for none.</summary>
    public string? Against => (AgainstNode as YamlScalar)?.Text is { } other && other != Name ? other : null;

    /// <summary>The folder of its runs, made of its name.</summary>
    public string Folder { get; }

    /// <summary>The paper's numbers of it.</summary>
    public PublishedResult Published { get; }

    /// <summary>The line of the study's file that it stands on.</summary>
    public string Where { get; }

    internal YamlNode? AgainstNode { get; }

    /// <summary>Its recipe.</summary>
    /// <param name="run">Which of its runs, from 0; seeds count up from the recipe's.</param>
    /// <param name="more">Settings <c>key=value</c> of the command line, which win.</param>
    /// <exception cref="RecipeException">The recipe is not there or wrong, or a setting does not fit it.</exception>
    public RecipeFile Recipe(int run, IReadOnlyList<string> more)
    {
        string[] own = [$"name=\"{Folder}\""];
        if (run == 0)
            return Read([.. own, .. more]);
        var first = Read([.. own, .. more]).Recipe.Seed;
        return Read([.. own, .. more, $"seed={(long)first + run}"]);
    }

    RecipeFile Read(string[] more)
    {
        if (!File.Exists(recipe))
            throw Lost();
        return RecipeFile.Load(recipe, settings, more);
    }

    // The study's line says where to mend it; the reader of recipes knows what is wrong and what was probably meant.
    RecipeException Lost()
    {
        try
        {
            RecipeFile.TextOf(recipe);
            return recipeNode.Error($"'{recipe}' cannot be read");
        }
        catch (RecipeException error)
        {
            return recipeNode.Error(error.Message);
        }
    }
}
