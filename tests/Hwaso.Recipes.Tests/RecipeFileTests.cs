namespace Hwaso.Recipes.Tests;

public sealed class RecipeFileTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("hwaso-recipes-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Several_threads_may_be_the_first_to_ask_for_a_recipe()
    {
        const int Threads = 4, Files = 100;
        var files = Enumerable.Range(0, Files).Select(_ => RecipeFile.Read(Smallest, "first.yaml")).ToArray();
        using var start = new Barrier(Threads);
        var read = new Recipe[Threads][];
        var failures = new Exception?[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(k => new Thread(() =>
        {
            start.SignalAndWait();
            failures[k] = Record.Exception(() => read[k] = [.. files.Select(file => file.Recipe)]);
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.All(failures, Assert.Null);
        Assert.All(read, recipes => Assert.Equal(read[0], recipes));
    }

    [Fact]
    public void Recipe_takes_the_name_of_its_file_when_it_has_none()
    {
        var path = Write("my first recipe.yaml", Smallest);
        Assert.Equal("my-first-recipe", Recipe.Load(path).Name);
    }

    [Fact]
    public void Recipe_reads_the_same_when_lines_end_as_on_windows_and_it_begins_with_a_byte_order_mark()
    {
        var path = Path.Combine(folder.FullName, "x.yaml");
        File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF, .. System.Text.Encoding.UTF8.GetBytes(Smallest.ReplaceLineEndings("\r\n"))]);
        Assert.Equal(Recipe.Read(Smallest, "x.yaml"), Recipe.Load(path));
    }

    [Theory]
    [InlineData(".yaml")]
    [InlineData("...yaml")]
    [InlineData("---.yaml")]
    public void File_is_refused_when_neither_it_nor_its_name_gives_the_recipe_one(string name)
    {
        var path = Write(name, Smallest);
        Assert.StartsWith($"{path}: name: missing, and the file's own name gives none (", ErrorOf(path), StringComparison.Ordinal);
        Assert.Equal("x", Recipe.Load(path, "name=x").Name);
    }

    [Fact]
    public void Stages_are_refused_when_their_epochs_together_are_too_many()
    {
        const string Long = "epochs: 2000000000, learn: [depth]";
        string[] settings = ["train.epochs=", $"stages=[{{name: a, {Long}}}, {{name: b, {Long}}}]"];
        var error = Assert.Throws<RecipeException>(() => Recipe.Read(Smallest, "x.yaml", settings));
        Assert.EndsWith("stages: 4000000000 epochs together, above 2147483647; give the stages fewer epochs", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void File_is_refused_with_a_near_name_when_it_is_not_there()
    {
        Write("demo.yaml", Smallest);
        var path = Path.Combine(folder.FullName, "dmeo.yaml");
        Assert.Equal($"{path}: no such file; did you mean '{Path.Combine(folder.FullName, "demo.yaml")}'?", ErrorOf(path));
    }

    [Fact]
    public void File_is_refused_when_it_is_a_folder_too_large_or_not_text()
    {
        Assert.Equal($"{folder.FullName}: is a folder; name the recipe file in it", ErrorOf(folder.FullName));
        var path = Path.Combine(folder.FullName, "weights.pth");
        File.WriteAllBytes(path, new byte[(1 << 20) + 1]);
        Assert.Equal($"{path}: is larger than 1048576 bytes, so no recipe", ErrorOf(path));
        File.WriteAllBytes(path, [0x50, 0x4B, 0x03, 0x04, 0xFF, 0xFE]);
        Assert.Equal($"{path}: is no text in UTF-8; a recipe is a YAML file", ErrorOf(path));
    }

    [Fact]
    public void File_of_a_model_alone_gives_the_model_with_the_network_s_own_keys_as_written_and_refuses_the_recipe()
    {
        var file = RecipeFile.Read("""
            model:
              family: hrnetv2
              classes: 5
              align_corners: false
              bn_momentum: 0.1
              attention: none
              stage1: {blocks: 1, channels: 16}
              final_kernel: 1
            """, "small.yaml");
        var expected = new ModelRecipe
        {
            Family = "hrnetv2",
            Classes = 5,
            Settings = NetworkSettings.Parse("""
                stage1: {channels: 16, blocks: 1}
                bn_momentum: 1e-1
                align_corners: false
                attention: 'none'
                final_kernel: 1
                """),
        };
        Assert.Equal(expected, file.Model);
        Assert.StartsWith("small.yaml: data.layout: missing", Assert.Throws<RecipeException>(() => file.Recipe).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Error_tells_the_line_of_the_key_or_of_the_section_around_it()
    {
        var file = RecipeFile.Read(Smallest, "x.yaml", "train.batch=4");
        Assert.Equal("x.yaml:2: model.name: no such network", file.Error("model.name", "no such network").Message);
        Assert.Equal("x.yaml:3", file.Where("data.root"));
        Assert.Equal("--set train.batch=4", file.Where("train.batch"));
        Assert.Equal("x.yaml", file.Where("loss.name"));
    }

    [Fact]
    public void Layout_and_network_that_nobody_knows_yet_are_left_to_those_who_open_them()
    {
        var recipe = Recipe.Read(Smallest, "x.yaml", "data.layout=of-next-year", "model.name=net-of-next-year+attention");
        Assert.Equal(("of-next-year", "net-of-next-year+attention"), (recipe.Data.Layout, recipe.Model.Name));
    }

    internal const string Smallest = """
        model:
          name: hrnetv2-w18
        data: {layout: voc}
        augment: {crop: [64, 96]}
        train: {epochs: 2, batch: 1, optimizer: {learning_rate: 0.01}}
        """;

    static string ErrorOf(string path) => Assert.Throws<RecipeException>(() => Recipe.Load(path)).Message;

    string Write(string name, string yaml)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, yaml);
        return path;
    }
}
