using Hwaso.Cli.Arguments;
using Hwaso.Models;
using Hwaso.Models.Attention;
using Hwaso.Models.Networks;
using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>The network that a MODEL argument names.</summary>
static class ModelArgument
{
    /// <summary>The definition of a short name, or of a recipe file's model.</summary>
    /// <exception cref="ArgumentException">No model has that name.</exception>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    public static ModelDefinition Find(string model) => IsRecipe(model) ? Zoo.Define(RecipeFile.Load(model).Model) : Zoo.Find(model);

    /// <summary>The recipe file, where it is one; null for a short name.</summary>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    public static RecipeFile? RecipeFileOf(string model) => IsRecipe(model) ? RecipeFile.Load(model) : null;

    /// <summary>The model section that describes it.</summary>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    public static ModelRecipe Recipe(string model) => IsRecipe(model) ? RecipeFile.Load(model).Model : new ModelRecipe { Name = model };

    /// <summary>The number of classes that a recipe names; null where it names none.</summary>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    public static int? Classes(string model) => IsRecipe(model) ? RecipeFile.Load(model).Model.Classes : null;

    /// <summary>The number of classes to build a network with: the one given, the recipe's, the published one where that is the rule, or 0 where the network knows none.</summary>
    /// <exception cref="UsageException">A segmentation network, and none was given.</exception>
    public static int Classes(ModelDefinition definition, string model, int? given) =>
        // Classifiers and pose networks are ImageNet's and COCO's unless said otherwise; segmentation networks are anybody's.
        !definition.HasClasses ? 0 : given ?? Classes(model) ?? (definition.Task != ModelTask.Segmentation ? definition.PublishedClasses : (int?)null) ?? throw new UsageException($"--classes N: {definition.Name} wants to know the number of its classes");

    /// <summary>The attention module of that name, for those verbs that take one alone; null where it is no module's name.</summary>
    public static AttentionModule? FindAttention(string model) => AttentionModule.All.FirstOrDefault(a => a.Name == model);

    static bool IsRecipe(string model) => Path.GetExtension(model) is ".yaml" or ".yml";
}
