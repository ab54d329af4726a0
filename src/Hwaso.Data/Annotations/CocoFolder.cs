namespace Hwaso.Data.Annotations;

/// <summary>Where the annotation files of COCO's form and their images lie.</summary>
static class CocoFolder
{
    const string Own = "annotations.json", Exported = "_annotations.coco.json";

    /// <summary>The annotation file and the image folder of a split.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The split's name.</param>
    /// <param name="kind">The beginning of COCO's own file names, such as <c>instances</c>.</param>
    /// <exception cref="DatasetException">There is none.</exception>
    public static (string Annotations, string Images) FilesOf(string root, string split, string kind)
    {
        if (!Directory.Exists(root))
            throw new DatasetException(root, "no such folder; name the data set's folder");
        var named = split.Any(char.IsDigit) || split.Contains("test", StringComparison.Ordinal) ? [split] : new[] { $"{split}2017", split };
        string[] published =
        [
            .. named.SelectMany(s => new[]
            {
                Path.Combine(root, "annotations", $"{kind}_{s}.json"), Path.Combine(root, "annotations", $"image_info_{s}.json"),
            }),
        ];
        string[] own =
        [
            Path.Combine(root, split, Own), Path.Combine(root, split, Exported), Path.Combine(root, Own), Path.Combine(root, Exported),
        ];
        var file = published.Concat(own).FirstOrDefault(File.Exists) ?? throw new DatasetException(
            root, $"holds no annotations of split '{split}': {published[0]} or {own[0]} were wanted");
        var set = named.FirstOrDefault(s => Path.GetFileName(file).Contains($"_{s}.", StringComparison.Ordinal));
        var folder = Path.GetDirectoryName(file)!;
        string[] folders = set is not null
            ? [.. new[] { set.Contains("test", StringComparison.Ordinal) ? "test2017" : set }
                .SelectMany(s => new[] { Path.Combine(root, "images", s), Path.Combine(root, s) })]
            // Some programs lay the images beside the annotations.
            : Path.GetFileName(file) == Exported ? [Path.Combine(folder, "images"), folder]
            : [Path.Combine(folder, "images")];
        return (file, folders.FirstOrDefault(Directory.Exists) ?? throw new DatasetException(
            root, $"holds no folder of images of split '{split}': {folders[0]} was wanted"));
    }
}
