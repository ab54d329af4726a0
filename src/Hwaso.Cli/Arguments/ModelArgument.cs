using Hwaso.Models;
using Hwaso.Models.Attention;
using Hwaso.Models.Networks;
using Hwaso.Recipes;

namespace Hwaso.Cli.Arguments;

/// <summary>The network that a MODEL argument names.</summary>
static class ModelArgument
{
    /// <summary>The definition of a short name, or of a recipe file's model.</summary>
    /// <exception cref="ArgumentException">No model has that name.</exception>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    /// <exception cref="UsageException">A run or a checkpoint was given.</exception>
    public static ModelDefinition Find(string model)
    {
        if (IsTrained(model))
        {
            var own = Directory.Exists(model) ? Path.Combine(model, "recipe.yaml") : "the run's recipe.yaml";
            throw new UsageException($"{model} is a run or a checkpoint, and a network's name or recipe was wanted: give {own}, or the "
                + "network exported as .onnx where the verb takes one (hwaso export)");
        }
        if (!IsRecipe(model))
            return Zoo.Find(model);
        var recipe = Load(model);
        try
        {
            return Zoo.Define(recipe.Model);
        }
        catch (ArgumentException error)
        {
            throw recipe.Error("model", error.Message);
        }
    }

    /// <summary>The recipe file, where it is one; null for a short name.</summary>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    public static RecipeFile? RecipeFileOf(string model) => IsRecipe(model) ? Load(model) : null;

    /// <summary>The model section that describes it.</summary>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    public static ModelRecipe Recipe(string model) => IsRecipe(model) ? Load(model).Model : new ModelRecipe { Name = model };

    /// <summary>
    /// The number of classes that a recipe names, 1 where its loss is for one output channel; null where it names none.
    /// </summary>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    public static int? Classes(string model)
    {
        if (RecipeFileOf(model) is not { } file)
            return null;
        return file.Model.Classes ?? (file.HasOneChannel ? ModelRecipe.OneChannel : null);
    }

    /// <summary>
    /// The number of classes to build a network with: the one given, the recipe's, the published one where that is the rule, or 0 where the
    /// network has no classes.
    /// </summary>
    /// <exception cref="UsageException">A segmentation network, and none was given.</exception>
    public static int Classes(ModelDefinition definition, string model, int? given)
    {
        if (!definition.HasClasses)
            return 0;
        // Classifiers and pose networks have ImageNet's and COCO's classes unless said otherwise; segmentation networks have anybody's.
        var published = definition.Task != ModelTask.Segmentation ? definition.PublishedClasses : (int?)null;
        return given ?? Classes(model) ?? published
            ?? throw new UsageException($"--classes N is missing: {definition.Name} is built for a number of classes");
    }

    /// <summary>The attention module of that name, for verbs that take one alone; null where it is no module's name.</summary>
    public static AttentionModule? FindAttention(string model) => AttentionModule.All.FirstOrDefault(a => a.Name == model);

    static RecipeFile Load(string model) => RecipeFile.Load(ShippedRecipes.Find(model));

    // A weight file is told by its ending, so that a name that is misspelt is not taken for one.
    static bool IsTrained(string model) => Directory.Exists(model) || Path.GetExtension(model) is ".safetensors" or ".pth" or ".pt";

    static bool IsRecipe(string model) => Path.GetExtension(model) is ".yaml" or ".yml";
}
