using System.Text.Json;
using Hwaso.Data.Annotations;
using Hwaso.Data.Layouts;
using Hwaso.Imaging.Masks;

namespace Hwaso.Data.Converting;

/// <summary>
/// labelme's annotations (a JSON beside each image) in COCO's form: polygons, rectangles and circles; shapes of one label and one
/// <c>group_id</c> are one object. The folder holds them itself, or in a folder for each split.
/// </summary>
public static class LabelmeConversion
{
    const int CircleCorners = 64;

    /// <summary>Converts.</summary>
    /// <param name="source">The folder of the annotations, or of folders such as train and val.</param>
    /// <param name="target">The folder to write to.</param>
    /// <param name="progress">Receives the number of finished images and of all images of a split.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">A folder is missing, or no annotation could be used.</exception>
    public static CocoSummary Run(string source, string target, Action<int, int>? progress = null, CancellationToken stop = default)
    {
        Folders.Require(source, "labelme's annotations");
        var conversion = new CocoConversion();
        var own = FilesOf(source);
        var splits = own.Length > 0 ? [("train", own)]
            : Directory.EnumerateDirectories(source).Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), FilesOf(f))).ToArray();
        foreach (var (split, files) in splits.Where(s => s.Item2.Length > 0))
            conversion.Add(split, files, Read, progress, stop);
        return conversion.Write(source, target, []);
    }

    static string[] FilesOf(string folder) => [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)];

    static ConvertedImage Read(string path, Action<string> left)
    {
        var (image, width, height) = ("", 0L, 0L);
        var shapes = new List<Shape>();
        using (var json = new JsonStream(path))
        {
            json.Read();
            if (json.Token != JsonTokenType.StartObject)
                throw json.Error("a list; labelme's annotations, {\"shapes\": […], \"imagePath\": …, …}, were wanted");
            json.Members(name =>
            {
                switch (name)
                {
                    case "shapes":
                        json.Items(_ => shapes.Add(Shape.Read(json)));
                        break;
                    case "imagePath":
                        image = json.AsText();
                        break;
                    case "imageWidth":
                        width = json.AsWhole();
                        break;
                    case "imageHeight":
                        height = json.AsWhole();
                        break;
                    default:
                        json.Skip();
                        break;
                }
            });
        }
        if (image.Length == 0)
            throw new DatasetException(path, "has no 'imagePath'; labelme's annotations were wanted");
        // Written on Windows, paths have backslashes.
        var file = Path.Combine(Path.GetDirectoryName(path)!, image.Replace('\\', '/'));
        var whole = ConvertedImage.Of(file, width > 0 && height > 0 ? ((int)width, (int)height) : null, []);
        var objects = new List<ConvertedObject>();
        // A shape without a group is an object of its own.
        foreach (var group in shapes.Index().GroupBy(s => (s.Item.Label, s.Item.Group ?? -1 - s.Index)))
        {
            double[][] polygons = [.. group.Select(s => Corners(s.Item, s.Index, left)).OfType<double[]>()];
            if (polygons.Length > 0)
                objects.Add(Of(group.Key.Label, polygons, whole));
        }
        return whole with { Objects = objects };
    }

    static double[]? Corners(Shape shape, int index, Action<string> left)
    {
        var points = shape.Points;
        switch (shape.Kind)
        {
            case "polygon" when points.Length >= 6:
                return points;
            case "rectangle" when points.Length == 4:
                return [points[0], points[1], points[2], points[1], points[2], points[3], points[0], points[3]];
            case "circle" when points.Length == 4:
                var radius = Math.Sqrt(Math.Pow(points[2] - points[0], 2) + Math.Pow(points[3] - points[1], 2));
                return [.. Enumerable.Range(0, CircleCorners).SelectMany(k => new[]
                {
                    points[0] + radius * Math.Cos(2 * Math.PI * k / CircleCorners),
                    points[1] + radius * Math.Sin(2 * Math.PI * k / CircleCorners),
                })];
            default:
                left($"shapes[{index}] ({shape.Label}) is a {shape.Kind} of {points.Length / 2} points and is left out; polygons, "
                    + "rectangles and circles are objects");
                return null;
        }
    }

    static ConvertedObject Of(string category, double[][] polygons, ConvertedImage image)
    {
        double[] xs = [.. polygons.SelectMany(p => p.Where((_, k) => k % 2 == 0))];
        double[] ys = [.. polygons.SelectMany(p => p.Where((_, k) => k % 2 == 1))];
        var box = new CocoBox(xs.Min(), ys.Min(), xs.Max() - xs.Min(), ys.Max() - ys.Min());
        // Overlapping parts count once, as in a mask.
        var area = RunLengths.OfPolygons(polygons, image.Height, image.Width).Area;
        return new ConvertedObject(category, box, new CocoOutline { Polygons = polygons }, area);
    }

    sealed record Shape(string Label, string Kind, double[] Points, long? Group)
    {
        public static Shape Read(JsonStream json)
        {
            var shape = new Shape("", "polygon", [], null);
            json.Members(name =>
            {
                switch (name)
                {
                    case "label":
                        shape = shape with { Label = json.AsText() };
                        break;
                    case "shape_type":
                        shape = shape with { Kind = json.AsText() };
                        break;
                    case "group_id" when json.Token != JsonTokenType.Null:
                        shape = shape with { Group = json.AsWhole() };
                        break;
                    case "points":
                        List<double> points = [];
                        json.Items(_ => points.AddRange(json.Numbers(2)));
                        shape = shape with { Points = [.. points] };
                        break;
                    default:
                        json.Skip();
                        break;
                }
            });
            return shape.Label.Length > 0 ? shape : throw json.Error("a shape without 'label'");
        }
    }
}
