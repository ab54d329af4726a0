using Hwaso.Models;
using Hwaso.Training.Networks;
using Hwaso.Training.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>The network that a MODEL argument names.</summary>
static class ModelArgument
{
    /// <summary>The definition of a short name, or of a recipe file's model.</summary>
    /// <exception cref="ArgumentException">No model has that name.</exception>
    /// <exception cref="RecipeException">The recipe cannot be read.</exception>
    public static ModelDefinition Find(string model) =>
        Path.GetExtension(model) is ".yaml" or ".yml" ? ModelFactory.Define(RecipeFile.Load(model).Model) : Zoo.Find(model);
}
