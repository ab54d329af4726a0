using Hwaso.Imaging;

namespace Hwaso.Data.Layouts;

/// <summary>Finds images by names that other systems and people write: upper-case and other extensions, backslashes.</summary>
static class ImageNames
{
    /// <summary>A name without the extension of an image; other names stay.</summary>
    public static string WithoutExtension(string name) =>
        ImageFile.Extensions.FirstOrDefault(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase)) is { } end
            ? name[..^end.Length]
            : name;

    /// <summary>
    /// The file of a name, with one of the extensions in lower or upper case; the first one where none is there. The name may carry its
    /// extension already.
    /// </summary>
    public static string Find(string folder, string name, IReadOnlyList<string> extensions)
    {
        var bare = WithoutExtension(name);
        return new[] { name, bare }.Distinct().SelectMany(n => extensions.SelectMany(e => new[] { n + e, n + e.ToUpperInvariant() }))
            .Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists) ?? Path.Combine(folder, bare + extensions[0]);
    }

    /// <summary>A path of a list, relative to a folder: with slashes where it was written on Windows with backslashes.</summary>
    public static string Slashed(string root, string path) =>
        path.Contains('\\') && !File.Exists(Path.Combine(root, path)) ? path.Replace('\\', '/') : path;

    /// <summary>The images of a folder, in the order of their names.</summary>
    public static string[] In(string folder) =>
        [.. Directory.EnumerateFiles(folder).Where(ImageFile.IsImage).Order(StringComparer.Ordinal)];
}
