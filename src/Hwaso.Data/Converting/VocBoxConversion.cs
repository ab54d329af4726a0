using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Hwaso.Data.Annotations;
using Hwaso.Data.Layouts;

namespace Hwaso.Data.Converting;

/// <summary>
/// PASCAL VOC's boxes (<c>Annotations/ID.xml</c>, <c>JPEGImages</c>, <c>ImageSets/Main/SPLIT.txt</c>) in COCO's form, or a folder of one's
/// own with such files. VOC counts pixels from 1 and boxes include their last pixel. Difficult objects become crowds: not learned from, and
/// neither right nor wrong when scored.
/// </summary>
public static class VocBoxConversion
{
    // An annotation is a page of text; more is another file given by mistake.
    const int LargestCharacters = 1 << 24;

    static readonly string[] splits = ["train", "val", "test"];

    /// <summary>Converts.</summary>
    /// <param name="source">The folder that holds Annotations and JPEGImages.</param>
    /// <param name="target">The folder to write to.</param>
    /// <param name="progress">Receives the number of finished images and of all images of a split.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">A folder is missing, or no annotation could be used.</exception>
    public static CocoSummary Run(string source, string target, Action<int, int>? progress = null, CancellationToken stop = default)
    {
        Folders.Require(source, "VOC's Annotations and JPEGImages");
        var files = Folders.Require(Path.Combine(source, "Annotations"), "VOC's annotations ID.xml");
        var images = Folders.Require(Path.Combine(source, "JPEGImages"), "VOC's images");
        var conversion = new CocoConversion();
        var lists = splits.Select(s => (Split: s, Path: Path.Combine(source, "ImageSets", "Main", $"{s}.txt")))
            .Where(l => File.Exists(l.Path)).ToArray();
        foreach (var (split, list) in lists)
            // Lists of a class have a second column.
            Add(split, [.. File.ReadAllLines(list).Select(l => l.Trim().Split(' ')[0]).Where(l => l.Length > 0)
                .Select(id => Path.Combine(files, $"{id}.xml"))]);
        if (lists.Length == 0)
            Add("train", [.. Directory.EnumerateFiles(files, "*.xml").Order(StringComparer.Ordinal)]);
        return conversion.Write(source, target, [.. ClassList.Voc.Names.Skip(1)]);

        void Add(string split, string[] annotations) =>
            conversion.Add(split, annotations, (file, left) => Read(file, images, left), progress, stop);
    }

    static ConvertedImage Read(string path, string images, Action<string> left)
    {
        var root = Parse(path);
        var name = root.Element("filename")?.Value.Trim();
        var image = Path.Combine(
            images, string.IsNullOrEmpty(name) ? Path.GetFileNameWithoutExtension(path) + ".jpg" : Path.GetFileName(name));
        (int, int)? size = root.Element("size") is { } said ? ((int)Number(said, "width", path), (int)Number(said, "height", path)) : null;
        var objects = new List<ConvertedObject>();
        foreach (var (k, element) in root.Elements("object").Index())
        {
            var category = element.Element("name")?.Value.Trim();
            if (string.IsNullOrEmpty(category) || element.Element("bndbox") is not { } corners)
                throw new DatasetException(path, $"object {k + 1} has no 'name' or no 'bndbox'");
            var (x1, y1) = (Number(corners, "xmin", path) - 1, Number(corners, "ymin", path) - 1);
            var box = new CocoBox(x1, y1, Number(corners, "xmax", path) - x1, Number(corners, "ymax", path) - y1);
            if (box is not { Width: >= 1, Height: >= 1 })
                left($"object {k + 1} ({category}) has no area and is left out");
            else
                objects.Add(new ConvertedObject(category, box, null, box.Area, element.Element("difficult")?.Value.Trim() == "1"));
        }
        // Some programs write sizes of 0.
        return ConvertedImage.Of(image, size is ( > 0, > 0) ? size : null, objects);
    }

    static XElement Parse(string path)
    {
        if (!File.Exists(path))
            throw new DatasetException(path, "no such annotation, which a list of the split names");
        try
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, MaxCharactersInDocument = LargestCharacters };
            using var reader = XmlReader.Create(path, settings);
            var root = XDocument.Load(reader).Root!;
            return root.Name.LocalName == "annotation" ? root
                : throw new DatasetException(path, $"begins with <{root.Name.LocalName}>; <annotation> was wanted");
        }
        catch (XmlException error)
        {
            throw new DatasetException(path, $"is no XML: {error.Message}", error);
        }
    }

    static double Number(XElement element, string name, string path) =>
        double.TryParse(element.Element(name)?.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && Math.Abs(value) < 1e6
            ? value : throw new DatasetException(path, $"<{element.Name.LocalName}> has no number in <{name}>");
}
