using System.Text.Json;

namespace Hwaso.Data.Annotations;

/// <summary>A result file of COCO's form: a list of detections, each with image, category and score, and with a box or joints.</summary>
/// <param name="Path">The file.</param>
/// <param name="Entries">Its detections in the file's order, none for an empty list.</param>
public sealed record CocoResults(string Path, IReadOnlyList<CocoResult> Entries)
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keep">Says which detections are wanted; null for all. Joints and boxes of others are not kept.</param>
    /// <param name="outlines">Whether the detections' masks are kept.</param>
    /// <exception cref="DatasetException">The file is no JSON of that form; the message names entry and byte.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CocoResults Read(string path, Func<CocoResult, bool>? keep = null, bool outlines = false)
    {
        using var json = new JsonStream(path);
        var entries = new List<CocoResult>();
        json.Read();
        if (json.Token != JsonTokenType.StartArray)
            throw json.Error("no list; COCO's results, [{\"image_id\": …, \"category_id\": …, \"score\": …}, …], were wanted");
        json.Items(index =>
        {
            var entry = Entry(json, index, outlines);
            if (keep is null || keep(entry))
                entries.Add(entry);
        });
        json.End();
        return new CocoResults(path, entries);
    }

    /// <summary>Whether a file holds a list, as results are, and no object, as annotations are.</summary>
    /// <exception cref="DatasetException">The file is no JSON.</exception>
    public static bool IsList(string path)
    {
        using var json = new JsonStream(path);
        json.Read();
        return json.Token == JsonTokenType.StartArray;
    }

    /// <summary>An error that names an entry.</summary>
    public DatasetException Error(CocoResult entry, string problem)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return new DatasetException(Path, $"entry [{entry.Index}]: {problem}");
    }

    static CocoResult Entry(JsonStream json, int index, bool outlines)
    {
        long? image = null, category = null;
        double? score = null;
        var entry = new CocoResult { Index = index };
        json.Members(name =>
        {
            switch (name)
            {
                case "image_id":
                    image = json.AsWhole();
                    break;
                case "category_id":
                    category = json.AsWhole();
                    break;
                case "score":
                    score = json.AsNumber();
                    break;
                case "keypoints":
                    entry = entry with { Keypoints = json.Numbers() };
                    break;
                case "bbox":
                    // pycocotools takes an empty list for no box.
                    var numbers = json.Numbers();
                    entry = entry with
                    {
                        Box = numbers.Length is 0 ? null : numbers.Length is 4 ? CocoBox.Of(numbers)
                            : throw json.Error($"{numbers.Length} numbers; 4 were wanted"),
                    };
                    break;
                case "segmentation" when outlines:
                    entry = entry with { Outline = CocoOutline.Read(json) };
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        return entry with
        {
            ImageId = image ?? throw Without("image_id"),
            CategoryId = category ?? throw Without("category_id"),
            Score = score ?? throw Without("score"),
        };

        DatasetException Without(string name) => json.Error(
            $"a detection without '{name}'; each wants 'image_id', 'category_id' and 'score': add it, or leave the entry out");
    }
}

/// <summary>A detection of a result file.</summary>
public sealed record CocoResult
{
    /// <summary>Its place in the file, from 0.</summary>
    public int Index { get; init; }

    /// <summary>The image's number.</summary>
    public long ImageId { get; init; }

    /// <summary>The category's number.</summary>
    public long CategoryId { get; init; }

    /// <summary>How sure the detector is; any finite number.</summary>
    public double Score { get; init; }

    /// <summary>x, y and confidence of each joint, in pixels; null where there are none.</summary>
    public double[]? Keypoints { get; init; }

    /// <summary>The mask; null where there is none, or masks were not asked for.</summary>
    public CocoOutline? Outline { get; init; }

    /// <summary>The box in pixels; null where there is none.</summary>
    public CocoBox? Box { get; init; }
}
