using System.Text.Json;
using System.Text.RegularExpressions;
using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Server.Http;

namespace Hwaso.Server.Runs;

/// <summary>
/// A training that a request asks for: a recipe by name, from a run or as text, and settings that replace its values. The recipe is read
/// here, so that a wrong one is refused at once, and no path comes from a request: data sets and checkpoints are those of the recipes that
/// come with Hwaso, of the runs, and of <c>--data</c>.
/// </summary>
/// <param name="Name">The run's name; null for the recipe's.</param>
/// <param name="Recipe">A recipe that comes with Hwaso; null for none.</param>
/// <param name="Run">A run whose recipe is trained again; null for none.</param>
/// <param name="Text">A recipe; null for none.</param>
/// <param name="Settings">Values in YAML by their keys.</param>
sealed partial record TrainingOrder(
    string? Name, string? Recipe, string? Run, string? Text, IReadOnlyList<KeyValuePair<string, string>> Settings)
{
    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="RequestFailure">It is no such object (400).</exception>
    public static TrainingOrder Read(ReadOnlyMemory<byte> body)
    {
        using var json = Parse(body);
        try
        {
            return Of(json);
        }
        // System.Text.Json finds an escaped half of a character when the text is read.
        catch (InvalidOperationException error)
        {
            throw RequestFailure.BadRequest($"the body is not JSON: {error.Message}");
        }
    }

    static TrainingOrder Of(JsonDocument json)
    {
        string? Member(string name) => !json.RootElement.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : throw RequestFailure.BadRequest($"{name}: a text was wanted");
        foreach (var member in json.RootElement.EnumerateObject())
            if (member.Name is not ("name" or "recipe" or "run" or "text" or "settings"))
                throw RequestFailure.BadRequest(
                    $"'{RequestFailure.Shown(member.Name)}' is no member; name, recipe, run, text and settings are");
        var settings = new List<KeyValuePair<string, string>>();
        if (json.RootElement.TryGetProperty("settings", out var given))
        {
            if (given.ValueKind != JsonValueKind.Object)
                throw RequestFailure.BadRequest("settings: an object of keys and values was wanted");
            foreach (var setting in given.EnumerateObject())
                settings.Add(new(setting.Name, setting.Value.ValueKind == JsonValueKind.String ? setting.Value.GetString()!
                    : setting.Value.GetRawText()));
        }
        return new TrainingOrder(Member("name"), Member("recipe"), Member("run"), Member("text"), settings);
    }

    /// <summary>Puts a new run into the queue; gives its name.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="runs">The runs that are there.</param>
    /// <param name="data">The data set of <c>--data</c>: a whole path, and its layout; null for none.</param>
    /// <exception cref="RequestFailure">The recipe is wrong or names a path (422), or the run is there already (409).</exception>
    public string Start(TrainingQueue queue, RunStore runs, (string Root, string Layout)? data)
    {
        var (text, file, trusted) = Source(queue, runs);
        var settings = Settings.Select(s => $"{s.Key}={s.Value}").ToList();
        var recipe = Checked(text, file, settings);
        var name = Name ?? recipe.Name;
        if (!IsName().IsMatch(name) || !name.Any(char.IsAsciiLetterOrDigit))
            throw new RequestFailure(422, $"name '{RequestFailure.Shown(name)}': letters, digits and . _ + - were wanted, at most 100");
        settings.Add($"name={name}");
        RefusePaths(recipe, trusted, data);
        var root = runs.Home;
        if (runs.All().ContainsKey(name) || Directory.Exists(Path.Combine(root, name)))
            throw new RequestFailure(409, $"a run is named '{name}' already; resume it, or choose another name");
        // A data set of another kind than the server's is the recipe's own.
        var set = data is { } served && served.Layout == recipe.Data.Layout ? new[] { "--data", served.Root } : [];
        queue.Add(name, ["train", TrainingJob.RecipeWord, "--run", Path.Combine(root, name), .. set, .. Words(settings)], text);
        return name;
    }

    /// <summary>Puts a run into the queue that continues where it stopped, longer where the settings say so.</summary>
    /// <exception cref="RequestFailure">A setting is wrong (422), or the run trains already (409).</exception>
    public void Resume(TrainingQueue queue, string name, RunFolder run)
    {
        if (!File.Exists(run.Recipe))
            throw new RequestFailure(409, $"run '{name}' has nothing to continue from; start it anew under another name");
        var settings = Settings.Select(s => $"{s.Key}={s.Value}").ToList();
        var text = RecipeFile.TextOf(run.Recipe);
        RefusePaths(Checked(text, name, settings), Checked(text, name, []), null);
        queue.Add(name, ["train", run.Recipe, "--run", run.Root, "--resume", .. Words(settings)], null);
    }

    (string Text, string File, Recipe? Trusted) Source(TrainingQueue queue, RunStore runs)
    {
        if (new[] { Recipe, Run, Text }.Count(s => s is not null) != 1)
            throw RequestFailure.BadRequest("one of recipe, run and text was wanted");
        if (Text is not null)
            return (Text, "text", null);
        var path = Run is not null ? runs.Find(Run).Recipe
            : queue.Recipes.TryGetValue(Recipe!, out var shipped) ? shipped
            : throw RequestFailure.NotFound($"no recipe is named '{RequestFailure.Shown(Recipe!)}'; GET /v1/recipes lists them");
        if (!File.Exists(path))
            throw new RequestFailure(409, $"run '{Run}' has no recipe yet");
        var text = RecipeFile.TextOf(path);
        return (text, Recipe ?? Run!, Checked(text, Recipe ?? Run!, []));
    }

    static Recipe Checked(string text, string file, IEnumerable<string> settings)
    {
        try
        {
            return Hwaso.Recipes.Recipe.Read(text, file + ".yaml", settings);
        }
        catch (RecipeException error)
        {
            throw new RequestFailure(422, error.Message);
        }
    }

    static void RefusePaths(Recipe recipe, Recipe? trusted, (string Root, string Layout)? data)
    {
        var known = trusted is null ? [] : RecipeSettings.Of(trusted).ToDictionary(s => s.Key, s => s.Value);
        var paths = RecipeReference.Paths.ToHashSet();
        foreach (var (key, value) in RecipeSettings.Of(recipe))
            if (paths.Contains(key) && known.GetValueOrDefault(key) != value && !(key == "data.depth" && value == "disparity")
                && !(key == "data.root" && data is { } served && !value.Contains('\0', StringComparison.Ordinal)
                    && Path.GetFullPath(value) == served.Root))
                throw new RequestFailure(422, $"{key}: a path cannot come from a request; leave it out: data are those of --data, and a "
                    + "checkpoint to begin with is named in a recipe file (hwaso train)");
    }

    static IEnumerable<string> Words(IEnumerable<string> settings) => settings.SelectMany(s => new[] { "--set", s });

    static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
            body = "{}"u8.ToArray();
        try
        {
            var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                return json;
            json.Dispose();
            throw RequestFailure.BadRequest("the body is no JSON object");
        }
        catch (JsonException error)
        {
            throw RequestFailure.BadRequest($"the body is not JSON: {error.Message}");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._+-]{1,100}\z")]
    private static partial Regex IsName();
}
