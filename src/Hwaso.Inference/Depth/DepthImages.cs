using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Imaging;

namespace Hwaso.Inference.Depth;

/// <summary>The images whose depth is wanted: files, a folder of them, or a data set's split.</summary>
public static class DepthImages
{
    /// <summary>The image files, in a fixed order.</summary>
    /// <param name="sources">Image files, or one folder: of images, or of a data set.</param>
    /// <param name="output">The folder that depth goes to: images in it are left out.</param>
    /// <param name="layout">The data set's layout; null: recognised by the folder's content, which need not be a data set.</param>
    /// <param name="split">The data set's split.</param>
    /// <exception cref="ArgumentException">A folder among files, or a layout for files.</exception>
    /// <exception cref="FileNotFoundException">There is no such image, or none in the folder.</exception>
    /// <exception cref="DatasetException">The folder does not hold that data set or split.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> sources, string output, string? layout, string split)
    {
        ArgumentNullException.ThrowIfNull(sources);
        if (sources is not [var folder] || !Directory.Exists(folder))
            return Files(sources, layout);
        if ((layout ?? LayoutOf(folder)) is { } named)
            return [.. Datasets.Open(named, folder, split).Samples.Select(sample => sample.ImagePath)];
        var own = Path.GetFullPath(output) + Path.DirectorySeparatorChar;
        var images = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(ImageFile.IsImage)
            .Where(file => !Path.GetFullPath(file).StartsWith(own, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToArray();
        return images.Length > 0 ? images :
            throw new FileNotFoundException($"{folder}: neither a known data set nor any image in it");
    }

    static IReadOnlyList<string> Files(IReadOnlyList<string> images, string? layout)
    {
        if (layout is not null)
            throw new ArgumentException($"--layout belongs to a data set's folder, and {images[0]} is none; name the folder alone");
        foreach (var image in images)
            if (Directory.Exists(image))
                throw new ArgumentException($"{image}: is a folder among {images.Count} arguments; give one folder alone, or images");
            else if (!File.Exists(image))
                throw new FileNotFoundException($"{image}: no such image");
        return images;
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
}
