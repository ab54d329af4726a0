using System.Text.Json;

namespace Hwaso.Data.Annotations;

/// <summary>
/// An annotation file of COCO's form: images, categories and annotations in the file's order. Outlines are passed over unless asked for.
/// Memory grows with the annotations kept, not with the file.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Images">Its images; ids are not checked here.</param>
/// <param name="Categories">Its categories.</param>
/// <param name="Annotations">Its annotations; empty for a file of images alone, as test sets have.</param>
public sealed record CocoFile(
    string Path, IReadOnlyList<CocoImage> Images, IReadOnlyList<CocoCategory> Categories, IReadOnlyList<CocoAnnotation> Annotations)
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="outlines">Whether the objects' outlines are kept.</param>
    /// <exception cref="DatasetException">The file is no JSON of that form; the message names entry and byte.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CocoFile Read(string path, bool outlines = false)
    {
        using var json = new JsonStream(path);
        var images = new List<CocoImage>();
        var categories = new List<CocoCategory>();
        var annotations = new List<CocoAnnotation>();
        var seen = false;
        json.Read();
        if (json.Token != JsonTokenType.StartObject)
            throw json.Error("a list; COCO's annotations, {\"images\": […], \"annotations\": […], …}, were wanted");
        json.Members(name =>
        {
            seen |= name == "images";
            switch (name)
            {
                case "images":
                    json.Items(_ => images.Add(Image(json)));
                    break;
                case "categories":
                    json.Items(_ => categories.Add(Category(json)));
                    break;
                case "annotations":
                    json.Items(_ => annotations.Add(Annotation(json, outlines)));
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        json.End();
        return seen ? new CocoFile(path, images, categories, annotations)
            : throw new DatasetException(
                path, "has no 'images'; COCO's annotations, {\"images\": […], \"annotations\": […], …}, were wanted");
    }

    internal static CocoImage Image(JsonStream json)
    {
        long? id = null;
        var image = new CocoImage(0, "", 0, 0);
        json.Members(name =>
        {
            switch (name)
            {
                case "id":
                    id = json.AsWhole();
                    break;
                case "file_name":
                    image = image with { FileName = json.AsText() };
                    break;
                case "width":
                    image = image with { Width = Size(json) };
                    break;
                case "height":
                    image = image with { Height = Size(json) };
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        return image with { Id = id ?? throw json.Error("an image without 'id'; give each a number of its own") };
    }

    static int Size(JsonStream json) => json.AsWhole() is >= 0 and <= int.MaxValue and var size ? (int)size
        : throw json.Error(FormattableString.Invariant($"{json.Number} pixels; a size from 0 to {int.MaxValue} was wanted"));

    static CocoCategory Category(JsonStream json)
    {
        long? id = null;
        var category = new CocoCategory(0, "");
        json.Members(name =>
        {
            switch (name)
            {
                case "id":
                    id = json.AsWhole();
                    break;
                case "name":
                    category = category with { Name = json.AsText() };
                    break;
                case "keypoints":
                    var names = new List<string>();
                    json.Items(_ => names.Add(json.AsText()));
                    category = category with { Keypoints = names };
                    break;
                case "skeleton":
                    category = category with { Skeleton = Pairs(json) };
                    break;
                case "flip_pairs":
                    category = category with { FlipPairs = Pairs(json) };
                    break;
                case "sigmas":
                    category = category with { Sigmas = json.Numbers() };
                    break;
                case "upper_body":
                    category = category with { UpperBody = [.. json.Numbers().Select(n => (int)n)] };
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        return category with { Id = id ?? throw json.Error("a category without 'id'; give each a number of its own") };
    }

    static List<(int, int)> Pairs(JsonStream json)
    {
        var pairs = new List<(int, int)>();
        json.Items(_ =>
        {
            var pair = json.Numbers(2);
            pairs.Add(pair.All(n => n == Math.Floor(n) && Math.Abs(n) < int.MaxValue) ? ((int)pair[0], (int)pair[1])
                : throw json.Error("joints are named by whole numbers from 1"));
        });
        return pairs;
    }

    static CocoAnnotation Annotation(JsonStream json, bool outlines)
    {
        long? id = null, image = null;
        var annotation = new CocoAnnotation();
        json.Members(name =>
        {
            switch (name)
            {
                case "id":
                    id = json.AsWhole();
                    break;
                case "image_id":
                    image = json.AsWhole();
                    break;
                case "category_id":
                    annotation = annotation with { CategoryId = json.AsWhole() };
                    break;
                case "bbox":
                    annotation = annotation with { Box = CocoBox.Of(json.Numbers(4)) };
                    break;
                case "area":
                    annotation = annotation with { Area = json.AsNumber() };
                    break;
                case "iscrowd":
                    annotation = annotation with { IsCrowd = json.AsFlag() };
                    break;
                case "num_keypoints":
                    annotation = annotation with { KeypointCount = json.AsWhole() };
                    break;
                case "keypoints":
                    annotation = annotation with { Keypoints = json.Numbers() };
                    break;
                case "segmentation" when outlines:
                    annotation = annotation with { Outline = CocoOutline.Read(json) };
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        return annotation with
        {
            Id = id ?? throw json.Error("an annotation without 'id'; give each a number of its own"),
            ImageId = image ?? throw json.Error("an annotation without 'image_id'; name its image's 'id'"),
        };
    }
}

/// <summary>An image of an annotation file.</summary>
/// <param name="Id">Its number.</param>
/// <param name="FileName">Its file, beside the others of its split; empty where the file names none.</param>
/// <param name="Width">Width in pixels; 0 where the file names none.</param>
/// <param name="Height">Height in pixels; 0 where the file names none.</param>
public sealed record CocoImage(long Id, string FileName, int Width, int Height);

/// <summary>A category of an annotation file, with the joints of its skeleton where it has some.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
public sealed record CocoCategory(long Id, string Name)
{
    /// <summary>The joints' names; empty where the category has none.</summary>
    public IReadOnlyList<string> Keypoints { get; init; } = [];

    /// <summary>The bones, as numbers of joints from 1.</summary>
    public IReadOnlyList<(int From, int To)> Skeleton { get; init; } = [];

    /// <summary>Left and right joints, as numbers from 1 (<c>flip_pairs</c>, not in COCO's own files); null where none are named.</summary>
    public IReadOnlyList<(int Left, int Right)>? FlipPairs { get; init; }

    /// <summary>A joint's spread in OKS (<c>sigmas</c>, not in COCO's own files); null where none are named.</summary>
    public IReadOnlyList<double>? Sigmas { get; init; }

    /// <summary>The joints of the upper body, as numbers from 1 (<c>upper_body</c>, not in COCO's own files); null where none.</summary>
    public IReadOnlyList<int>? UpperBody { get; init; }
}

/// <summary>An annotated object: box, area, and joints where it has some.</summary>
public sealed record CocoAnnotation
{
    /// <summary>Its number.</summary>
    public long Id { get; init; }

    /// <summary>The image's number.</summary>
    public long ImageId { get; init; }

    /// <summary>The category's number; 0 where none is named.</summary>
    public long CategoryId { get; init; }

    /// <summary>The box in pixels; all 0 where there is none.</summary>
    public CocoBox Box { get; init; }

    /// <summary>The area of the outline in square pixels; null where there is none.</summary>
    public double? Area { get; init; }

    /// <summary>Whether it stands for a crowd.</summary>
    public bool IsCrowd { get; init; }

    /// <summary>The number of labelled joints as the file says; null where it says none.</summary>
    public long? KeypointCount { get; init; }

    /// <summary>The pixels; null where the file has none, or they were not asked for.</summary>
    public CocoOutline? Outline { get; init; }

    /// <summary>x, y and visibility (0 not labelled, 1 hidden, 2 visible) of each joint, in pixels; null where there are none.</summary>
    public double[]? Keypoints { get; init; }
}

/// <summary>A box in pixels.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
public readonly record struct CocoBox(double X, double Y, double Width, double Height)
{
    /// <summary>Width times height.</summary>
    public double Area => Width * Height;

    internal static CocoBox Of(double[] numbers) => new(numbers[0], numbers[1], numbers[2], numbers[3]);
}
