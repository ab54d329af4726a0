using System.Text;
namespace Hwaso.Recipes;

/// <summary>
/// A recipe together with where its keys stand, so that what turns out wrong only later (an unknown model, a class count that
/// does not fit, a missing folder) is still reported with file and line.
/// </summary>
public sealed class RecipeFile
{
    // A recipe is a page of text; more is a checkpoint or an image given by mistake.
    const int LargestBytes = 1 << 20;

    readonly YamlMap root;
    readonly string file;
    readonly Lazy<Recipe> recipe;

    RecipeFile(YamlMap root, string file)
    {
        this.root = root;
        this.file = file;
        recipe = new Lazy<Recipe>(() => Recipe.Read(root, file));
        Model = ModelRecipe.Read(root.Section("model"));
    }

    /// <summary>
    /// The whole recipe, read when first asked for: a file that only describes a network needs no more than <c>model:</c>.
    /// </summary>
    /// <exception cref="RecipeException">A key is missing, of the wrong type or in contradiction.</exception>
    public Recipe Recipe => recipe.Value;

    /// <summary>The network it describes.</summary>
    public ModelRecipe Model { get; }

    /// <summary>
    /// Whether the network tells two classes apart by one output channel, from the sections <c>model</c> and <c>loss</c> alone.
    /// </summary>
    /// <exception cref="RecipeException">A key of the loss is of the wrong type or in contradiction.</exception>
    public bool HasOneChannel =>
        Model.Classes == ModelRecipe.OneChannel || LossRecipe.Read(root.Section("loss"), Model.Classes).Kind == LossKind.BinaryCrossEntropy;

    /// <summary>Reads a recipe file; see <see cref="Recipe.Load"/>.</summary>
    /// <exception cref="RecipeException">The file cannot be read, or a key is unknown, missing, of the wrong type or in
    /// contradiction.</exception>
    public static RecipeFile Load(string path, params IEnumerable<string> settings) => Read(TextOf(path), path, settings);

    /// <summary>Reads a recipe from text; see <see cref="Recipe.Read(string, string, IEnumerable{string})"/>.</summary>
    /// <exception cref="RecipeException">A key is unknown, or the model's are missing, of the wrong type or in contradiction.</exception>
    public static RecipeFile Read(string yaml, string file, params IEnumerable<string> settings) => Read(yaml, file, [], settings);

    /// <summary>Reads a recipe file with settings that another file holds, then those of the command line.</summary>
    public static RecipeFile Load(string path, IEnumerable<YamlEntry> entries, IEnumerable<string> settings) =>
        Read(TextOf(path), path, entries, settings);

    /// <summary>The text of a file that is a page at most.</summary>
    /// <exception cref="RecipeException">It cannot be read, or is none.</exception>
    public static string TextOf(string path)
    {
        try
        {
            if (Directory.Exists(path)) throw new RecipeException(path, "is a folder; name the recipe file in it");
            if (!File.Exists(path)) throw new RecipeException(path, $"no such file{NearFile(path)}");
            if (new FileInfo(path).Length > LargestBytes) throw new RecipeException(path,
                $"is larger than {LargestBytes} bytes, so no recipe");
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw new RecipeException(path, "is no text in UTF-8; a recipe is a YAML file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException(path, $"cannot be read: {e.Message}");
        }
    }

    static RecipeFile Read(string yaml, string file, IEnumerable<YamlEntry> entries, IEnumerable<string> settings)
    {
        var root = YamlTree.Read(yaml, file);
        foreach (var entry in entries) Overrides.Apply(root, entry);
        foreach (var setting in settings) Overrides.Apply(root, setting);
        RecipeKeys.Check(root);
        return new RecipeFile(root, file);
    }

    /// <summary>Where a key stands, or the nearest section around it: <c>recipes/x.yaml:12</c>.</summary>
    /// <param name="key">The key's path, such as <c>model.name</c> or <c>stages[1].copy</c>.</param>
    public string Where(string key)
    {
        var map = root;
        var where = file;
        foreach (var part in key.Split('.'))
        {
            var (name, number) = ListPlace.Of(part);
            if (map?.Find(name) is not { } entry) break;
            where = entry.Where;
            var value = number is { } item && entry.Value is YamlList { Items: var items } && item < items.Count
                ? items[item]
                : entry.Value;
            if (value != entry.Value) where = value.Where;
            map = value as YamlMap;
        }
        return where;
    }

    /// <summary>The error that a key's value cannot be used, with its place.</summary>
    /// <param name="key">The key's path, such as <c>model.name</c>.</param>
    /// <param name="problem">What was given, what was wanted, what to do.</param>
    public RecipeException Error(string key, string problem) => new(Where(key), $"{key}: {problem}");

    static string NearFile(string path)
    {
        var folder = Path.GetDirectoryName(path) is { Length: > 0 } named ? named : ".";
        if (!Directory.Exists(folder)) return "";
        var near = NearName.Of(Path.GetFileName(path), Directory.EnumerateFiles(folder, "*.yaml").Select(Path.GetFileName).Order()!);
        return near is null ? "" : $"; did you mean '{Path.Combine(Path.GetDirectoryName(path) ?? "", near)}'?";
    }
}
