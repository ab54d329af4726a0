using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Recipes;
using Hwaso.Training.Studies;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso recipes</c>: the recipes and studies that come with the command.</summary>
sealed class RecipesVerb : Verb
{
    readonly Argument<string?> name = new("NAME")
    {
        Description = "a recipe or study to print; without it, all are listed",
        Arity = ArgumentArity.ZeroOrOne,
        CompletionSources = { _ => ShippedRecipes.Recipes.Concat(ShippedRecipes.OfStudies).Select(n => new CompletionItem(n)) },
    };

    public RecipesVerb() => Command = new Command(
        "recipes", "lists the recipes and studies that come with hwaso, which train and study take by name, or prints one")
    {
        name,
    };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples => ["recipes", "recipes hrnetv2-w48_cityscapes > mine.yaml"];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        if (arguments.GetValue(name) is { } given)
        {
            var file = ShippedRecipes.FindEither(given);
            var text = RecipeFile.TextOf(file);
            context.Result(new JsonObject { ["file"] = file, ["text"] = text }, output => output.Write(text));
            return ExitCode.Done;
        }
        var recipes = ShippedRecipes.Recipes.Select(n => (Name: n, Recipe: Recipe.Load(ShippedRecipes.FileOf(n))))
            .Select(r => (r.Name, Model: r.Recipe.Model.Name ?? "", r.Recipe.Data.Layout)).ToArray();
        var studies = ShippedRecipes.OfStudies.Select(n => (Name: n, Study.Load(ShippedRecipes.FileOf(n), small: false).Title)).ToArray();
        context.Result(
            new JsonObject
            {
                ["folder"] = ShippedRecipes.Folder,
                ["recipes"] = new JsonArray([.. recipes.Select(r => new JsonObject
                {
                    ["name"] = r.Name,
                    ["model"] = r.Model,
                    ["layout"] = r.Layout,
                })]),
                ["studies"] = new JsonArray([.. studies.Select(s => new JsonObject { ["name"] = s.Name, ["title"] = s.Title })]),
            },
            output =>
            {
                var (names, models) = (recipes.Max(r => r.Name.Length), recipes.Max(r => r.Model.Length));
                output.WriteLine($"{"train RECIPE".PadRight(names)}  {"model".PadRight(models)}  layout");
                foreach (var (recipe, model, layout) in recipes)
                    output.WriteLine($"{recipe.PadRight(names)}  {model.PadRight(models)}  {layout}");
                output.WriteLine();
                output.WriteLine("study STUDY");
                foreach (var (study, title) in studies)
                    output.WriteLine($"{study.PadRight(names)}  {title}");
                output.WriteLine();
                output.WriteLine($"The files lie in {ShippedRecipes.Folder}.");
            });
        return ExitCode.Done;
    }
}
