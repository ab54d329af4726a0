using Hwaso.Recipes;

namespace Hwaso.Cli.Arguments;

/// <summary>
/// The recipes and studies that lie beside the command, in a checkout and in the installed tool: named by a file's path below their folder
/// without extension, such as <c>demo</c> and <c>studies/hrnet-psa</c>.
/// </summary>
static class ShippedRecipes
{
    const string Studies = "studies/", Extension = ".yaml";

    /// <summary>The folder that holds them.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "recipes");

    /// <summary>The recipes' names, in order.</summary>
    public static IReadOnlyList<string> Recipes => [.. All().Where(name => !IsStudy(name))];

    /// <summary>The studies' names, in order; the recipes in their folder's own folders belong to them.</summary>
    public static IReadOnlyList<string> OfStudies =>
        [.. All().Where(name => IsStudy(name) && !name[Studies.Length..].Contains('/', StringComparison.Ordinal))];

    /// <summary>The file of a name.</summary>
    public static string FileOf(string name) => Path.Combine(Folder, name + Extension);

    /// <summary>
    /// The file that a RECIPE argument means: itself where it is there, else the shipped one of that name, with or without the folder
    /// <c>recipes/</c> before it and <c>.yaml</c> behind it; a path that is neither stays as it is.
    /// </summary>
    /// <exception cref="RecipeException">A plain name that is neither a file nor a shipped recipe.</exception>
    public static string Find(string given) => Find(given, "", Recipes);

    /// <summary>The file that a STUDY argument means, in the same way.</summary>
    /// <inheritdoc cref="Find(string)"/>
    public static string FindStudy(string given) => Find(given, Studies, OfStudies);

    /// <summary>The shipped file that a recipe's or a study's name means.</summary>
    /// <inheritdoc cref="Find(string)"/>
    public static string FindEither(string given) =>
        OfStudies.Contains(NameOf(given, Studies)) ? FindStudy(given) : Find(given);

    static string Find(string given, string prefix, IReadOnlyList<string> known)
    {
        if (File.Exists(given) || Directory.Exists(given))
            return given;
        var name = NameOf(given, prefix);
        if (known.Contains(name))
            return FileOf(name);
        // A path says where the file should be; reading it says that it is not.
        return given.Contains('/', StringComparison.Ordinal) || given.Contains('\\', StringComparison.Ordinal) || Path.HasExtension(given)
            ? given
            : throw new RecipeException(given, "is neither a file nor the name of one that comes with hwaso, which hwaso recipes lists"
                + NearName.Hint(name, known));
    }

    static string NameOf(string given, string prefix)
    {
        var name = given.Replace('\\', '/');
        foreach (var start in new[] { "./", "recipes/", prefix })
            if (name.StartsWith(start, StringComparison.Ordinal))
                name = name[start.Length..];
        return prefix + (name.EndsWith(Extension, StringComparison.Ordinal) ? name[..^Extension.Length] : name);
    }

    static bool IsStudy(string name) => name.StartsWith(Studies, StringComparison.Ordinal);

    static IEnumerable<string> All() => !Directory.Exists(Folder) ? []
        : Directory.EnumerateFiles(Folder, "*" + Extension, SearchOption.AllDirectories)
            .Select(file => Path.ChangeExtension(Path.GetRelativePath(Folder, file), null).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal);
}
