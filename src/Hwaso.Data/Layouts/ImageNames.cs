namespace Hwaso.Data.Layouts;

/// <summary>Finds images by names that other systems and people write: upper-case and other extensions, backslashes.</summary>
static class ImageNames
{
    /// <summary>The extensions of images that are read; where several files fit, the first one is taken.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff"];

    /// <summary>Whether a name ends in the extension of an image.</summary>
    public static bool IsImage(string name) => Extensions.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase));

    /// <summary>A name without the extension of an image; other names stay.</summary>
    public static string WithoutExtension(string name) =>
        Extensions.FirstOrDefault(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase)) is { } end ? name[..^end.Length] : name;

    /// <summary>
    /// The file of a name, with one of the extensions in lower or upper case; the first one where none is there. The name may carry its
    /// extension already.
    /// </summary>
    public static string Find(string folder, string name, params string[] extensions)
    {
        var bare = WithoutExtension(name);
        return new[] { name, bare }.Distinct().SelectMany(n => extensions.SelectMany(e => new[] { n + e, n + e.ToUpperInvariant() }))
            .Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists) ?? Path.Combine(folder, bare + extensions[0]);
    }

    /// <summary>A path of a list, relative to a folder: with slashes where it was written on Windows with backslashes.</summary>
    public static string Slashed(string root, string path) =>
        path.Contains('\\') && !File.Exists(Path.Combine(root, path)) ? path.Replace('\\', '/') : path;

    /// <summary>The files of a folder that end in one of the extensions, in any case, in the order of their names.</summary>
    public static string[] In(string folder, params string[] ends) =>
        [.. Directory.EnumerateFiles(folder).Where(f => ends.Any(e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)))
            .Order(StringComparer.Ordinal)];
}
