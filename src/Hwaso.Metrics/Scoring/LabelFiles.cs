using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Metrics.Scoring;

/// <summary>
/// The label PNGs that a path stands for: a file; a folder with everything below it; or a folder and a pattern with one star, such as
/// <c>out/street_pred_*.png</c>, with everything below the folder that fits.
/// </summary>
static class LabelFiles
{
    /// <summary>The files with their names: the path below the folder without extension, or the text that the star stands for.</summary>
    /// <exception cref="DatasetException">There is nothing there, or a pattern has more than one star.</exception>
    public static IReadOnlyList<(string Name, string Path)> Of(string path, string what)
    {
        if (File.Exists(path))
            return [(Path.GetFileNameWithoutExtension(path), path)];
        var pattern = Path.GetFileName(path);
        var named = pattern.Contains('*', StringComparison.Ordinal);
        var folder = named ? (Path.GetDirectoryName(path) is { Length: > 0 } above ? above : ".") : path;
        if (!Directory.Exists(folder))
            throw new DatasetException(folder, $"no such file or folder; it should hold {what}");
        if (named && (pattern.Split('*') is not [_, _]))
            throw new DatasetException(path, "one star was wanted, for the part by which predictions and truth are matched");
        var files = Directory.EnumerateFiles(folder, named ? pattern : "*", SearchOption.AllDirectories)
            .Where(file => named || ImageFile.LabelExtensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
            .Select(file =>
                (named ? StarOf(pattern, Path.GetFileName(file)) : Path.ChangeExtension(Path.GetRelativePath(folder, file), null), file))
                .ToArray();
        if (!named && files.GroupBy(f => f.Item1, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DatasetException(twice.Last().file, $"has the name of {Path.GetFileName(twice.First().file)}; keep one of them");
        return files.Length > 0 ? files
            : throw new DatasetException(path, $"no {(named ? "file of that pattern" : "*.png")} in it or below it; it should hold {what}");
    }

    /// <summary>Whether the path is a single file, which is matched whatever its name.</summary>
    public static bool IsOne(string path) => File.Exists(path);

    static string StarOf(string pattern, string name)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return name[star..^(pattern.Length - star - 1)];
    }
}
