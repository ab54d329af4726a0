using System.Text;
using Hwaso.Tests;

namespace Hwaso.Recipes.Tests;

/// <summary>Damaged recipes and settings: each is read or refused by a RecipeException.</summary>
public sealed class FuzzTests
{
    static readonly string[] words =
    [
        "[", "]", "{", "}", "- ", ": ", "? ", "&a ", "*a", "!!int ", "|", ">", "'", "\"", "\n", "\t", "#", "%YAML", "---\n", "...\n",
        "<<: ", "train:\n", "model:\n", "stages:\n", "null", "~", "1e999", ".nan",
    ];

    [Fact]
    public void A_damaged_recipe_is_read_or_refused()
    {
        byte[][] files = [.. Directory.GetFiles(RepositoryRoot.File("recipes"), "*.yaml").Take(6).Select(File.ReadAllBytes)];
        new Fuzz([.. files, Encoding.UTF8.GetBytes(RecipeFileTests.Smallest)], words)
            .Run(2000, file => Recipe.Read(Encoding.UTF8.GetString(file), "damaged.yaml"), e => e is RecipeException);
    }

    [Fact]
    public void A_damaged_setting_is_taken_or_refused()
    {
        string[] settings = ["augment.crop[0]=32", "stages=[{name: a, epochs: 1, learn: [depth]}]", "train.optimizer={name: adam}"];
        new Fuzz([.. settings.Select(Encoding.UTF8.GetBytes)], [.. words, "[0]", "[-1]", "[", ".", "="])
            .Run(3000, file => Attempt(Encoding.UTF8.GetString(file)), e => e is RecipeException);

        // The settings above do not fit the recipe as they are; only what they do to the reader counts here.
        static void Attempt(string setting)
        {
            if (setting is not ("stages=[{name: a, epochs: 1, learn: [depth]}]" or "train.optimizer={name: adam}"))
                Recipe.Read(RecipeFileTests.Smallest, "x.yaml", setting);
        }
    }
}
