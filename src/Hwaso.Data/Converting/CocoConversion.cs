using Hwaso.Data.Annotations;
using Hwaso.Imaging;

namespace Hwaso.Data.Converting;

/// <summary>The outcome of a conversion to COCO's form.</summary>
/// <param name="Splits">The splits written, with the images of each.</param>
/// <param name="Categories">The categories, with the objects of each in all splits; crowds count.</param>
/// <param name="Problems">Files and shapes that could not be used, and were left out.</param>
public sealed record CocoSummary(
    IReadOnlyList<KeyValuePair<string, int>> Splits, IReadOnlyList<KeyValuePair<string, int>> Categories,
    IReadOnlyList<DatasetProblem> Problems);

/// <summary>
/// Writes objects that another program annotated as the layout <c>coco</c>: <c>SPLIT/annotations.json</c> and copies of the images in
/// <c>SPLIT/images</c>.
/// </summary>
sealed class CocoConversion
{
    readonly List<(string Split, List<ConvertedImage> Images)> splits = [];
    readonly List<DatasetProblem> problems = [];

    /// <summary>Reads the annotation files of a split; those that cannot be used are kept as problems.</summary>
    /// <param name="split">The split's name.</param>
    /// <param name="files">The annotation files in order.</param>
    /// <param name="read">Reads one; shapes that it leaves out go to the action.</param>
    /// <param name="progress">Receives the number of finished images and of all images of the split.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    public void Add(
        string split, IReadOnlyList<string> files, Func<string, Action<string>, ConvertedImage> read, Action<int, int>? progress,
        CancellationToken stop)
    {
        var images = new List<ConvertedImage>();
        foreach (var (k, file) in files.Index())
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                var image = read(file, problem => problems.Add(new DatasetProblem(file, ProblemKind.BadAnnotation, problem)));
                images.Add(File.Exists(image.Path) ? image : throw new DatasetException(image.Path, $"no such file, which {file} names"));
            }
            catch (DatasetException error)
            {
                problems.Add(new DatasetProblem(error.Path, ProblemKind.BrokenFile, error.Problem));
            }
            catch (Exception error) when (error is ImageFormatException or IOException or UnauthorizedAccessException)
            {
                problems.Add(new DatasetProblem(file, ProblemKind.BrokenFile, error.Message));
            }
            progress?.Invoke(k + 1, files.Count);
        }
        splits.Add((split, images));
    }

    /// <summary>Writes every split.</summary>
    /// <param name="source">The annotations' folder, for errors.</param>
    /// <param name="target">The folder to write to.</param>
    /// <param name="usual">The categories in their usual order; those found besides follow by name.</param>
    /// <exception cref="DatasetException">No annotation could be used, or the target holds such a split already.</exception>
    public CocoSummary Write(string source, string target, IReadOnlyList<string> usual)
    {
        var all = splits.SelectMany(s => s.Images).ToArray();
        if (all.Length == 0)
            throw new DatasetException(source, problems.Count == 0 ? "no annotation of any image in it"
                : $"no annotation could be used; the first: {problems[0].Path}: {problems[0].Message}");
        foreach (var (split, _) in splits)
            if (File.Exists(FileOf(target, split)))
                throw new DatasetException(FileOf(target, split), "is there already; name another folder, or remove it");
        var found = all.SelectMany(i => i.Objects).CountBy(o => o.Category).ToDictionary(StringComparer.Ordinal);
        string[] names =
        [
            .. usual.Any(found.ContainsKey) ? usual : [], .. found.Keys.Except(usual).Order(StringComparer.Ordinal),
        ];
        var numbers = names.Index().ToDictionary(n => n.Item, n => (long)n.Index + 1, StringComparer.Ordinal);
        var image = 0L;
        foreach (var (split, images) in splits)
            Write(FileOf(target, split), images, numbers, ref image);
        return new CocoSummary(
            [.. splits.Select(s => KeyValuePair.Create(s.Split, s.Images.Count))],
            [.. names.Select(n => KeyValuePair.Create(n, found.GetValueOrDefault(n)))], problems);
    }

    // Numbers of images differ between the splits.
    static void Write(string path, List<ConvertedImage> images, Dictionary<string, long> numbers, ref long image)
    {
        var folder = Path.Combine(Path.GetDirectoryName(path)!, "images");
        Directory.CreateDirectory(folder);
        var (listed, annotations) = (new List<CocoImage>(), new List<CocoAnnotation>());
        foreach (var one in images)
        {
            listed.Add(new CocoImage(++image, Path.GetFileName(one.Path), one.Width, one.Height));
            foreach (var (category, box, outline, area, crowd) in one.Objects)
                annotations.Add(new CocoAnnotation
                {
                    Id = annotations.Count + 1,
                    ImageId = image,
                    CategoryId = numbers[category],
                    Box = box,
                    Outline = outline,
                    Area = area,
                    IsCrowd = crowd,
                });
            File.Copy(one.Path, Path.Combine(folder, Path.GetFileName(one.Path)), overwrite: true);
        }
        CocoFileWriter.Write(
            path, new CocoFile(path, listed, [.. numbers.Select(n => new CocoCategory(n.Value, n.Key))], annotations));
    }

    static string FileOf(string target, string split) => Path.Combine(target, split, "annotations.json");
}

/// <summary>An annotated image.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Objects">Its objects.</param>
sealed record ConvertedImage(string Path, int Width, int Height, IReadOnlyList<ConvertedObject> Objects)
{
    /// <summary>An image of the size that its annotations say.</summary>
    /// <exception cref="DatasetException">It is of another size.</exception>
    public static ConvertedImage Of(string path, (int Width, int Height)? said, IReadOnlyList<ConvertedObject> objects)
    {
        if (!File.Exists(path))
            throw new DatasetException(path, "no such image, which an annotation is for");
        var size = ImageFile.Size(path);
        return said is null || said == size ? new ConvertedImage(path, size.Width, size.Height, objects)
            : throw new DatasetException(
                path, $"is {size.Width}×{size.Height}; its annotations say {said.Value.Width}×{said.Value.Height}");
    }
}

/// <summary>An annotated object.</summary>
/// <param name="Category">Its category's name.</param>
/// <param name="Box">Its box in pixels.</param>
/// <param name="Outline">Its pixels; null where only the box is known.</param>
/// <param name="Area">Its area in square pixels.</param>
/// <param name="IsCrowd">Whether it stands for many objects, or is not scored.</param>
sealed record ConvertedObject(string Category, CocoBox Box, CocoOutline? Outline, double Area, bool IsCrowd = false);
