using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Training.Studies;

namespace Hwaso.Training.Tests.Studies;

public sealed class StudyFileTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-study").FullName;

    public StudyFileTests() => File.WriteAllText(Path.Combine(folder, "base.yaml"), """
        model: {name: hrnetv2-w18-small-v1}
        data: {layout: cityscapes}
        augment: {crop: [32, 64]}
        train: {epochs: 1, batch: 4, optimizer: {learning_rate: 0.01}}
        """);

    const string Whole = """
        title: One against two
        recipe: base.yaml
        set: {train.batch: 2}
        baseline: one
        variants:
          - name: one
          - name: two
            set: {train.batch: 3, model.attention: se}
            published: {miou: 0.5, parameters_m: 1.5, macs_gi: 2}
            small: {set: {train.epochs: 7}}
        small:
          set: {train.epochs: 5, seed: 9}
          seeds: 2
          scenes: {train: 4, val: 2, size: [32, 64]}
        """;

    [Fact]
    public void Settings_of_the_form_follow_those_of_the_study_and_those_of_the_variant_win()
    {
        var (full, small) = (Load(Whole, small: false), Load(Whole, small: true));
        Assert.Equal([(2, 1, 304), (3, 1, 304)], full.Variants.Select(Numbers));
        Assert.Equal([(2, 5, 9), (3, 7, 9)], small.Variants.Select(Numbers));
        Assert.Equal("{'attention': 'se'}", full.Variants[1].Recipe(0, []).Recipe.Model.Settings.ToString());
        Assert.Equal([null, "one"], full.Variants.Select(v => v.Against));
        Assert.Equal((3, 2), (full.Seeds, small.Seeds));
        Assert.Equal((null, 6), (full.Scenes, small.Scenes!.Count));
        var published = full.Variants[1].Published;
        Assert.Equal((1.5e6, 2.0 * (1 << 30), 0.5), (published.Parameters!.Value, published.Macs!.Value, published.Scores["miou"]));

        static (int, int?, int) Numbers(StudyVariant variant) =>
            variant.Recipe(0, []).Recipe is var r ? (r.Train.Batch, r.Train.Epochs, r.Seed) : default;
    }

    [Fact]
    public void Each_run_has_its_own_seed_and_a_setting_of_the_command_wins()
    {
        var variant = Load(Whole, small: true).Variants[1];
        Assert.Equal([9, 10, 11], Enumerable.Range(0, 3).Select(run => variant.Recipe(run, []).Recipe.Seed));
        Assert.Equal((42, 8), variant.Recipe(1, ["seed=41", "train.batch=8"]).Recipe is var r ? (r.Seed, r.Train.Batch) : default);
        Assert.Equal("two", variant.Recipe(0, []).Recipe.Name);
    }

    [Theory]
    [InlineData(
        "  - name: two", "  - name: one", "study.yaml:7: a second variant is called 'one', first at study.yaml:6; call one otherwise")]
    [InlineData(
        "  - name: two", "  - name: one-",
        "study.yaml:7: 'one-' would have its runs in the folder of 'one' at study.yaml:6; call one otherwise")]
    [InlineData("baseline: one", "baseline: three", "study.yaml:4: baseline: 'three' is none of one, two")]
    [InlineData("title: One against two", "titel: x", "study.yaml:1: titel: unknown key; did you mean 'title'?")]
    [InlineData("title: One against two", "note: x", "study.yaml: title: missing; wants what is compared on what, in a line")]
    [InlineData("recipe: base.yaml", "recipe: bas.yaml", "study.yaml:2: recipe: bas.yaml: no such file; did you mean 'base.yaml'?")]
    [InlineData("{train.batch: 3, model.attention: se}", "{train.bach: 3}", "study.yaml:8: train.bach: unknown key; did you mean 'batch'?")]
    [InlineData(
        "{train.batch: 3, model.attention: se}", "{train.batch: three}", "study.yaml:8: train.batch: 'three' is not a whole number")]
    [InlineData(
        "{train.batch: 3, model.attention: se}", "{train..batch: 3}",
        "study.yaml:8: 'train..batch' is no key of a recipe; such as train.batch was wanted")]
    [InlineData(
        "{train.batch: 3, model.attention: se}", "{train.optimizer: {learning_rat: 3}}",
        "study.yaml:8: train.optimizer.learning_rat: unknown key; did you mean 'learning_rate'?")]
    [InlineData("{miou: 0.5, ", "{moiu: 0.5, ", "study.yaml:9: variants[1].published.moiu: unknown key; did you mean 'miou'?")]
    [InlineData("{miou: 0.5, ", "{miou: 50, ", "study.yaml:9: variants[1].published.miou: 50 is above 1")]
    [InlineData(
        "baseline: one", "measures: [mean_iou]",
        "study.yaml:4: measures[0]: 'mean_iou' is none of miou, foreground_iou, pixel_accuracy, mean_accuracy")]
    [InlineData("  scenes: {train: 4, val: 2, size: [32, 64]}", "", "study.yaml:11: small.scenes: missing; wants what to render")]
    [InlineData(
        "  scenes: {train: 4, val: 2, size: [32, 64]}", "  scenes: {val: 2, size: [32, 64]}",
        "study.yaml:14: small.scenes.train: missing; wants how many scenes to learn from")]
    [InlineData("  seeds: 2", "  seeds: 0", "study.yaml:13: small.seeds: 0 is below 1")]
    public void What_is_wrong_is_said_with_its_line(string line, string mistake, string message)
    {
        var error = Assert.Throws<RecipeException>(() =>
        {
            foreach (var variant in Load(Whole.Replace(line, mistake, StringComparison.Ordinal), small: true).Variants)
                _ = variant.Recipe(0, []).Recipe;
        });
        var near = Path.GetRelativePath(".", folder) + "/";
        var said = error.Message.Replace(near, "", StringComparison.Ordinal).Replace(folder + "/", "", StringComparison.Ordinal);
        Assert.Equal(message, said);
    }

    [Fact]
    public void A_study_without_a_small_form_says_so()
    {
        var full = Whole[..Whole.IndexOf("\nsmall:", StringComparison.Ordinal)]
            .Replace("    small: {set: {train.epochs: 7}}", "", StringComparison.Ordinal);
        var error = Assert.Throws<RecipeException>(() => Load(full, small: true));
        const string Said = "small: missing; wants a section that says what --small renders and trains";
        Assert.EndsWith(Said, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, bool> Shipped
    {
        get
        {
            var data = new TheoryData<string, bool>();
            var folder = RepositoryRoot.File("recipes", "studies");
            foreach (var file in Directory.GetFiles(folder, "*.yaml").Select(path => Path.GetFileName(path)!).Order())
            {
                data.Add(file, true);
                data.Add(file, false);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Shipped_study_reads_begins_with_its_command_and_every_variant_has_a_recipe(string file, bool small)
    {
        var path = RepositoryRoot.File("recipes", "studies", file);
        Assert.StartsWith($"# ./hwaso study recipes/studies/{file} ", File.ReadLines(path).First(), StringComparison.Ordinal);
        var study = Study.Load(path, small);
        Assert.Equal(small, study.Scenes is not null);
        Assert.True(study.Variants.Count >= 2);
        var recipes = study.Variants.Select(v => v.Recipe(0, []).Recipe).ToArray();
        // Variants that do not differ would be rows of noise.
        Assert.Equal(recipes.Length, recipes.Select(r => (r with { Name = "any" }).ToYaml()).Distinct().Count());
        if (small)
            Assert.All(recipes, recipe => Assert.Equal(study.Scenes!.Layout, recipe.Data.Layout));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    Study Load(string yaml, bool small)
    {
        var path = Path.Combine(folder, "study.yaml");
        File.WriteAllText(path, yaml);
        return Study.Load(path, small);
    }
}
