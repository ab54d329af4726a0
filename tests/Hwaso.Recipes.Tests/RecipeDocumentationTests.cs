using System.Text.RegularExpressions;
using Hwaso.Tests;

namespace Hwaso.Recipes.Tests;

public sealed partial class RecipeDocumentationTests
{
    static readonly string Page = File.ReadAllText(RepositoryRoot.File("docs", "recipes.md"));

    [Fact]
    public void Page_tells_every_key_that_the_reader_knows_and_no_other_but_those_of_networks()
    {
        var told = Rows().Select(row => row.Key).ToList();
        Assert.Empty(Recipe.Keys.Except(told));
        Assert.All(told.Except(Recipe.Keys), key => Assert.StartsWith("model.", key, StringComparison.Ordinal));
    }

    [Fact]
    public void Page_tells_the_defaults_that_recipes_have()
    {
        var written = new Dictionary<string, string>();
        // Between them these write out every key that has a default.
        string[] choices =
        [
            "train.schedule.name=poly", "train.optimizer.name=adam", "train.schedule={name: step, milestones: [1]}", "loss.name=focal",
            "loss.name=ohem", "loss.name=dice", "loss.name=binary_cross_entropy", "loss.name=mask_classification", "pose.sigma=2",
            "detection.background=false",
        ];
        foreach (var choice in choices)
        {
            foreach (var (key, value) in Flat(Recipe.Read(RecipeFileTests.Smallest, "x.yaml", choice).ToYaml())) written.TryAdd(key, value);
        }
        var told = Rows().Where(row => row.Default.StartsWith('`')).ToList();
        // Which is missing: add a choice above that writes it.
        Assert.Empty(told.Select(row => row.Key).Except(written.Keys));
        Assert.All(told, row => Assert.Equal((row.Key, written[row.Key]), (row.Key, row.Default.Trim('`'))));
        var untold = written.Keys.Except(told.Select(row => row.Key)).Order();
        // What the smallest recipe and the choices above give themselves.
        Assert.Equal(
            ["augment.crop", "data.layout", "model.name", "name", "train.batch", "train.epochs", "train.optimizer.learning_rate",
            "train.schedule.milestones"],
            untold);
    }

    [Fact]
    public void Page_says_required_where_the_reader_wants_a_key()
    {
        foreach (var key in Rows().Where(row => row.Default == "required").Select(row => row.Key))
        {
            var error = Assert.Throws<RecipeException>(() => Recipe.Read(RecipeFileTests.Smallest, "x.yaml", $"{key}="));
            Assert.StartsWith($"{key}: missing", error.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Examples_on_the_page_read()
    {
        var examples = Example().Matches(Page).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(3, examples.Count);
        var first = Recipe.Read(examples[0], "first.yaml");
        Assert.Equal(("first", "hrnetv2-w18+psa-spatial", 100), (first.Name, first.Model.Name, first.Train.Epochs));
        Assert.Equal("hrnetv2", RecipeFile.Read(examples[1], "small.yaml").Model.Family);
        Assert.Equal(60, Recipe.Read(examples[2], "staged.yaml").Train.Epochs);
    }

    [Fact]
    public void Settings_on_the_page_fit_the_demo()
    {
        var lines = Page.Split('\n').Where(line => line.StartsWith("./hwaso train recipes/demo.yaml", StringComparison.Ordinal)
            && line.Contains(" --set ", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, lines.Count);
        Assert.All(lines, line =>
        {
            var settings = line.Split(" --set ")[1..].Select(setting => setting.Trim('\''));
            Assert.NotEqual(Recipe.Load(RepositoryRoot.File("recipes", "demo.yaml")),
                Recipe.Load(RepositoryRoot.File("recipes", "demo.yaml"), settings));
        });
    }

    static List<(string Key, string Default)> Rows() =>
        [.. Row().Matches(Page).Select(match => (match.Groups[1].Value, match.Groups[2].Value))];

    /// <summary>The values of a written recipe by key path; two spaces a level, as the writer has it.</summary>
    static IEnumerable<(string Key, string Value)> Flat(string yaml)
    {
        var sections = new Stack<string>();
        foreach (var line in yaml.Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            while (sections.Count > (line.Length - line.TrimStart().Length) / 2) sections.Pop();
            var (key, value) =
                (line[..line.IndexOf(':', StringComparison.Ordinal)].Trim(),
                line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            if (value.Length == 0) sections.Push(key);
            else yield return (string.Join('.', sections.Reverse().Append(key)), value);
        }
    }

    [GeneratedRegex(@"^\| `([a-z0-9_.]+)` \| [^|]+ \| ([^|]+) \| .+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^```yaml\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();
}
