namespace Hwaso.Data.Layouts;

static class Folders
{
    public static string Require(string path, string what) => Directory.Exists(path)
        ? path
        : throw new DatasetException(path, $"no such folder; it should hold {what}");

    public static string RequireSplit(string folder, string split)
    {
        var path = Path.Combine(folder, split);
        if (Directory.Exists(path))
            return path;
        var there = Directory.EnumerateDirectories(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray();
        throw new DatasetException(path, $"no split '{split}'; {(there.Length == 0 ? $"{folder} is empty" : $"there are {string.Join(", ", there)}")}");
    }
}
