namespace Hwaso.Inference;

/// <summary>The names of result files: those of the images that they are made from.</summary>
public static class ImageNames
{
    /// <summary>Checks that every image file is there, before hours of work end at the one that is not.</summary>
    /// <exception cref="FileNotFoundException">One is missing, or a folder.</exception>
    public static void Check(IEnumerable<string> images)
    {
        foreach (var image in images)
            if (!File.Exists(image))
                throw new FileNotFoundException(
                    $"{image}: {(Directory.Exists(image) ? "is a folder; name the images in it" : "no such image")}");
    }

    /// <summary>
    /// A name for each image: its file's own where that is unique, else with its extension (a.jpg and a.png of one folder are a_jpg and
    /// a_png), or with as much of its folders as tells it from the others.
    /// </summary>
    /// <exception cref="ArgumentException">The same file is given twice.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> images)
    {
        var stems = images.Select(p => Path.GetFullPath(Path.ChangeExtension(p, null)!)).ToArray();
        // Folders cannot tell images of one folder apart.
        var doubles = stems.GroupBy(s => s).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        var parts = stems.Select((s, k) =>
            (doubles.Contains(s) ? $"{s}_{Path.GetExtension(images[k]).TrimStart('.')}" : s).Split(Path.DirectorySeparatorChar)).ToArray();
        if (images.GroupBy(Path.GetFullPath).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{twice.Key} is given twice; name each image once");
        var depth = parts.Select(_ => 1).ToArray();
        while (true)
        {
            var names = parts.Select((p, k) => string.Join('_', p[Math.Max(0, p.Length - depth[k])..])).ToArray();
            var doubled = names.Select((name, k) => (name, k)).GroupBy(n => n.name).Where(g => g.Count() > 1)
                .SelectMany(g => g.Select(n => n.k)).ToArray();
            if (doubled.Length == 0)
                return names;
            var grew = false;
            foreach (var k in doubled)
                if (depth[k] < parts[k].Length)
                    (depth[k], grew) = (depth[k] + 1, true);
            if (!grew)
                // a.jpg, a.png and a_jpg.png of one folder: the position tells them apart.
                return names.Select((n, k) => doubled.Contains(k) ? $"{n}_{k + 1}" : n).ToArray();
        }
    }
}
