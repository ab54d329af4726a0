using System.Text.Json;

namespace Hwaso.Cli.Tests;

/// <summary>Recipes and studies that come with the command are found by name; PackageTests has them in the installed tool.</summary>
public sealed class ShippedRecipesTests
{
    static readonly string source = Path.Combine(Repository.Root, "recipes");

    [Fact]
    public void Every_recipe_and_study_of_the_checkout_is_listed()
    {
        var listed = JsonDocument.Parse(CommandLine.Run("recipes", "--json").Output).RootElement;
        string[] Names(string kind) => [.. listed.GetProperty(kind).EnumerateArray().Select(r => r.GetProperty("name").GetString()!)];
        var files = Directory.EnumerateFiles(source, "*.yaml", SearchOption.AllDirectories)
            .Select(f => Path.ChangeExtension(Path.GetRelativePath(source, f), null));
        // The recipes of the studies' small forms are no recipes of their own.
        Assert.Equal(files.Where(f => Path.GetDirectoryName(f) != Path.Combine("studies", "small")).Order(),
            Names("recipes").Concat(Names("studies")).Order());
        var shown = CommandLine.Run("recipes").Output;
        Assert.All(Names("recipes"), name => Assert.Contains($"\n{name} ", shown, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("demo", "demo.yaml")]
    [InlineData("demo.yaml", "demo.yaml")]
    [InlineData("recipes/multidecoder/joint.yaml", "multidecoder/joint.yaml")]
    [InlineData("hrnet-psa", "studies/hrnet-psa.yaml")]
    [InlineData("recipes/studies/hrnet-psa", "studies/hrnet-psa.yaml")]
    public void A_name_stands_for_its_file(string name, string file)
    {
        var line = CommandLine.Run("recipes", name);
        Assert.Equal((0, File.ReadAllText(Path.Combine(source, file))), (line.Code, line.Output));
    }

    [Fact]
    public void Verbs_that_take_a_recipe_take_its_name_and_say_what_is_no_name()
    {
        var profile = CommandLine.Run("profile", "hrnetv2-w48_cityscapes.yaml", "--size", "64x128", "--json");
        Assert.Equal(65_859_379, JsonDocument.Parse(profile.Output).RootElement.GetProperty("parameters").GetInt64());
        // The recipe was read: it leaves the data set's folder open.
        Assert.Contains("hrnetv2-w48_cityscapes.yaml:", CommandLine.Run("train", "hrnetv2-w48_cityscapes").Error, StringComparison.Ordinal);
        Assert.Contains("/nowhere: no such folder", CommandLine.Run("study", "hrnet-psa", "--data", "/nowhere").Error,
            StringComparison.Ordinal);
        var (code, _, error) = CommandLine.Run("train", "hrnetv2-w48_cityscape");
        Assert.Equal((2, "hwaso train: hrnetv2-w48_cityscape: is neither a file nor the name of one that comes with hwaso, which hwaso "
            + "recipes lists; did you mean 'hrnetv2-w48_cityscapes'?\n"), (code, error));
        Assert.Equal("hwaso train: none.yaml: no such file\n", CommandLine.Run("train", "none.yaml").Error);
    }
}
