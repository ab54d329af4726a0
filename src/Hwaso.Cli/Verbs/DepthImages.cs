using Hwaso.Cli.Arguments;
using Hwaso.Data;
using Hwaso.Data.Layouts;

namespace Hwaso.Cli.Verbs;

/// <summary>The images that <c>hwaso depth</c> was given: files, a folder of them, or a data set's split.</summary>
static class DepthImages
{
    static readonly string[] endings = [".jpg", ".jpeg", ".png"];

    /// <summary>The image files, in a fixed order.</summary>
    /// <exception cref="UsageException">A folder among files, or a layout for what is no data set.</exception>
    /// <exception cref="FileNotFoundException">There is no such image, or none in the folder.</exception>
    public static IReadOnlyList<string> Of(DepthArguments arguments)
    {
        if (arguments.Images is not [var folder] || !Directory.Exists(folder))
            return Files(arguments);
        if (arguments.Layout is { } named)
            return OfSplit(named, folder, arguments.Split);
        if (LayoutOf(folder) is { } layout)
            return OfSplit(layout, folder, arguments.Split);
        var output = Path.GetFullPath(arguments.Out) + Path.DirectorySeparatorChar;
        var images = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => endings.Contains(Path.GetExtension(file).ToLowerInvariant()) && !Path.GetFullPath(file).StartsWith(output, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToArray();
        return images.Length > 0 ? images : throw new FileNotFoundException($"{folder}: no data set that is known and no JPEG or PNG in it");
    }

    static IReadOnlyList<string> Files(DepthArguments arguments)
    {
        if (arguments.Layout is not null)
            throw new UsageException($"--layout is of a data set's folder, which {arguments.Images[0]} is not; name the folder alone");
        foreach (var image in arguments.Images)
            if (!File.Exists(image))
                throw Directory.Exists(image)
                    ? new UsageException($"{image}: is a folder among {arguments.Images.Count} arguments; give one folder alone, or images")
                    : new FileNotFoundException($"{image}: no such image");
        return arguments.Images;
    }

    static string? LayoutOf(string folder)
    {
        try
        {
            return Datasets.LayoutOf(folder);
        }
        catch (DatasetException)
        {
            return null;
        }
    }

    static string[] OfSplit(string layout, string folder, string split) => [.. Datasets.Open(layout, folder, split).Samples.Select(sample => sample.ImagePath)];
}
