using System.Text.RegularExpressions;

namespace Hwaso.Recipes;

/// <summary>Every key of a recipe with its type, default and meaning, as docs/recipes.md has them; forms are made from it.</summary>
public static partial class RecipeReference
{
    static readonly Lazy<IReadOnlyList<KeyDescription>> english = new(() => Read("recipes.md")), korean = new(() => Read("recipes.ko.md"));

    /// <summary>The keys in English, in the order of the page.</summary>
    public static IReadOnlyList<KeyDescription> English => english.Value;

    /// <summary>The keys in Korean, in the order of the page.</summary>
    public static IReadOnlyList<KeyDescription> Korean => korean.Value;

    /// <summary>The keys whose values are paths of files or folders.</summary>
    public static IEnumerable<string> Paths => English.Where(k => k.Type.Split(", or ").Contains("path")).Select(k => k.Key);

    static KeyDescription[] Read(string page)
    {
        using var stream = typeof(RecipeReference).Assembly.GetManifestResourceStream(page)!;
        using var reader = new StreamReader(stream);
        return
        [
            .. Row().Matches(reader.ReadToEnd()).Select(row => new KeyDescription(
                row.Groups[1].Value, row.Groups[2].Value,
                row.Groups[3].Value is ['`', .., '`'] value ? value[1..^1] : null,
                row.Groups[3].Value is "required" or "필수", row.Groups[4].Value)),
        ];
    }

    // A bar within a code word is written \|.
    [GeneratedRegex(@"^\| `([a-z0-9_.]+)` \| ((?:[^|\\]|\\.)+) \| ((?:[^|\\]|\\.)+) \| (.+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}

/// <summary>A key of a recipe.</summary>
/// <param name="Key">Its path, such as <c>train.optimizer.name</c>.</param>
/// <param name="Type">Its type in words, such as whole number ≥ 1.</param>
/// <param name="Default">Its default in YAML; null where it has none.</param>
/// <param name="IsRequired">Whether every recipe has it.</param>
/// <param name="Meaning">A sentence about it, in Markdown.</param>
public sealed record KeyDescription(string Key, string Type, string? Default, bool IsRequired, string Meaning);
