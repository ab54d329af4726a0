using System.Text.Json;
using Hwaso.Data.Annotations;
using Hwaso.Imaging;

namespace Hwaso.Data.Panoptic;

/// <summary>
/// A file of COCO's panoptic form: images, categories, and for each image the name of a PNG of numbers and what the numbers mean. The PNGs
/// lie in a folder with the file's name.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Images">Its images; empty in results, which need none.</param>
/// <param name="Categories">Its categories; empty in results that name none.</param>
/// <param name="Entries">An entry for each image with segments.</param>
public sealed record PanopticFile(
    string Path, IReadOnlyList<CocoImage> Images, IReadOnlyList<PanopticCategory> Categories, IReadOnlyList<PanopticEntry> Entries)
{
    /// <summary>The folder of the PNGs.</summary>
    public string Folder => System.IO.Path.ChangeExtension(Path, null);

    /// <summary>Reads a file, without its PNGs.</summary>
    /// <exception cref="DatasetException">The file is no JSON of that form; the message names entry and byte.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PanopticFile Read(string path)
    {
        using var json = new JsonStream(path);
        var images = new List<CocoImage>();
        var categories = new List<PanopticCategory>();
        List<PanopticEntry>? entries = null;
        json.Read();
        if (json.Token != JsonTokenType.StartObject)
            throw json.Error("a list; COCO's panoptic form, {\"annotations\": […], \"categories\": […]}, was wanted");
        json.Members(name =>
        {
            switch (name)
            {
                case "images":
                    json.Items(_ => images.Add(CocoFile.Image(json)));
                    break;
                case "categories":
                    json.Items(_ => categories.Add(Category(json)));
                    break;
                case "annotations":
                    entries = [];
                    json.Items(_ => entries.Add(Entry(json)));
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        json.End();
        if (entries is null)
            throw new DatasetException(path, "has no 'annotations'; COCO's panoptic form, {\"annotations\": […], …}, was wanted");
        if (entries.GroupBy(e => e.ImageId).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DatasetException(path, $"image {twice.Key} has two entries; write all its segments into one");
        if (categories.GroupBy(c => c.Id).FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new DatasetException(path, $"category {same.Key} stands in it twice; each category has its own number");
        return new PanopticFile(path, images, categories, entries);
    }

    /// <summary>Reads the PNG of an entry and checks that it has the segments that the entry names.</summary>
    /// <param name="entry">One of <see cref="Entries"/>.</param>
    /// <param name="categories">The numbers of the categories that are allowed.</param>
    /// <exception cref="DatasetException">A number of the PNG is no segment, or a segment's category is not allowed.</exception>
    /// <exception cref="ImageFormatException">The PNG is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public PanopticMap MapOf(PanopticEntry entry, IReadOnlySet<long> categories)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(categories);
        var file = System.IO.Path.Combine(Folder, entry.FileName);
        if (!File.Exists(file))
            throw new DatasetException(file, $"no such file, which {Path} names for image {entry.ImageId}; the PNGs lie in a folder with "
                + "the JSON file's name");
        var map = PanopticMap.OfColours(Png.ReadRgb(file), entry.Segments);
        var named = entry.Segments.Select(s => s.Id).ToHashSet();
        foreach (var (id, pixels) in map.Areas())
            if (id != PanopticMap.Void && !named.Contains(id))
                throw new DatasetException(
                    file, $"{pixels} pixels are of segment {id}, which {Path} does not name for image {entry.ImageId}; list it");
        if (entry.Segments.FirstOrDefault(s => !categories.Contains(s.CategoryId)) is { } stray)
            throw new DatasetException(Path, $"image {entry.ImageId}, segment {stray.Id}: category {stray.CategoryId} is not among the "
                + $"{categories.Count} categories {string.Join(", ", categories.Order().Take(10))}{(categories.Count > 10 ? ", …" : "")}");
        return map;
    }

    static PanopticCategory Category(JsonStream json)
    {
        long? id = null;
        bool? isThing = null;
        var category = new PanopticCategory(0, "", false);
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
                case "isthing":
                    isThing = json.AsFlag();
                    break;
                case "color":
                    var parts = json.Numbers(3);
                    category = category with
                    {
                        Colour = parts.All(p => p is >= 0 and <= byte.MaxValue) ? ((byte)parts[0], (byte)parts[1], (byte)parts[2])
                            : throw json.Error("a colour of numbers that are not from 0 to 255"),
                    };
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        return category with
        {
            Id = id ?? throw json.Error("a category without 'id'; give each a number of its own"),
            IsThing = isThing ?? throw json.Error("a category without 'isthing'; give 1 where objects are told apart, else 0"),
        };
    }

    static PanopticEntry Entry(JsonStream json)
    {
        long? image = null;
        string? file = null;
        var segments = new List<PanopticSegment>();
        json.Members(name =>
        {
            switch (name)
            {
                case "image_id":
                    image = json.AsWhole();
                    break;
                case "file_name":
                    file = json.AsText();
                    break;
                case "segments_info":
                    json.Items(_ => segments.Add(Segment(json)));
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        if (segments.GroupBy(s => s.Id).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw json.Error($"segment {twice.Key} stands in an image twice; each has its own number");
        return new PanopticEntry(
            image ?? throw json.Error("an entry without 'image_id'; name its image's 'id'"),
            file ?? throw json.Error("an entry without 'file_name'; name the PNG of its segments"), segments);
    }

    static PanopticSegment Segment(JsonStream json)
    {
        long? id = null, category = null;
        var crowd = false;
        json.Members(name =>
        {
            switch (name)
            {
                case "id":
                    id = json.AsWhole();
                    break;
                case "category_id":
                    category = json.AsWhole();
                    break;
                case "iscrowd":
                    crowd = json.AsFlag();
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        return id is >= 1 and <= PanopticMap.Largest and var number
            ? new PanopticSegment((int)number, category ?? throw json.Error("a segment without 'category_id'"), crowd)
            : throw json.Error($"segment {id}; a number from 1 to {PanopticMap.Largest} was wanted");
    }
}

/// <summary>The segments of an image.</summary>
/// <param name="ImageId">The image's number.</param>
/// <param name="FileName">The PNG of its segments, in the file's folder.</param>
/// <param name="Segments">What the numbers of the PNG mean.</param>
public sealed record PanopticEntry(long ImageId, string FileName, IReadOnlyList<PanopticSegment> Segments);
