using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Data.Converting;

/// <summary>
/// PASCAL Context's trainval_merged.json: its images, and where in the file the segments of each are. The file has hundreds of
/// megabytes; this class keeps its bytes in memory and reads a segment when it paints the image.
/// </summary>
sealed class ContextJson
{
    readonly string file;
    readonly byte[] bytes;
    readonly Dictionary<string, ContextImage> images;
    readonly Dictionary<long, List<(int Start, int Length)>> segments;

    ContextJson(string file, byte[] bytes, IEnumerable<ContextImage> images, Dictionary<long, List<(int, int)>> segments)
    {
        (this.file, this.bytes, this.segments) = (file, bytes, segments);
        this.images = images.ToDictionary(i => i.Name, StringComparer.Ordinal);
    }

    // A number in a text must not decide over memory.
    const int LargestSide = 20_000, LargestImage = 1 << 25;

    /// <summary>The images, in order.</summary>
    public IReadOnlyCollection<ContextImage> Images => images.Values;

    /// <summary>Whether an image has a segment.</summary>
    public bool IsAnnotated(ContextImage image) => segments.ContainsKey(image.Id);

    /// <summary>Reads images and places of segments.</summary>
    /// <exception cref="DatasetException">The file has another form.</exception>
    public static ContextJson Read(string file)
    {
        var bytes = File.ReadAllBytes(file);
        try
        {
            var (images, segments) = (new List<ContextImage>(), new Dictionary<long, List<(int, int)>>());
            var reader = new Utf8JsonReader(bytes);
            reader.Read();
            Require(reader.TokenType == JsonTokenType.StartObject, "no object at the top");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var key = reader.GetString();
                reader.Read();
                if (key == "images")
                    Items(ref reader, bytes, (start, length) => images.Add(Image(bytes.AsSpan(start, length))));
                else if (key == "annos_segmentation")
                    Items(ref reader, bytes, (start, length) =>
                    {
                        var image = ImageOf(bytes.AsSpan(start, length));
                        if (!segments.TryGetValue(image, out var list))
                            segments[image] = list = [];
                        list.Add((start, length));
                    });
                else
                    reader.Skip();
            }
            Require(images.Count > 0, "no 'images'; PASCAL Context's trainval_merged.json was wanted");
            return new ContextJson(file, bytes, images, segments);
        }
        catch (Exception error)
            when (error is JsonException or InvalidOperationException or FormatException or ArgumentException or KeyNotFoundException)
        {
            throw new DatasetException(file, $"cannot be read as PASCAL Context's annotations: {error.Message}", error);
        }
    }

    /// <summary>Paints an image's segments one over the other, as listed; 0 where there is none of the 59 classes.</summary>
    /// <exception cref="DatasetException">A segment does not fit the image.</exception>
    public LabelMap Labels(string name)
    {
        var image = images[name];
        if (image is not { Width: >= 1 and <= LargestSide, Height: >= 1 and <= LargestSide } || image.Width * image.Height > LargestImage)
            throw new DatasetException(file, $"{name} is said to have {image.Width}×{image.Height} pixels, more than any photograph");
        var labels = new LabelMap(image.Width, image.Height);
        try
        {
            foreach (var (start, length) in segments[image.Id])
            {
                using var segment = JsonDocument.Parse(bytes.AsMemory(start, length));
                var category = segment.RootElement.GetProperty("category_id").GetInt32();
                Require(category >= 0 && category < PublishedLabels.ContextLabelOfId.Count,
                    $"category {category}; 0 to {PublishedLabels.ContextLabelOfId.Count - 1} were wanted");
                MaskPainting.Paint(labels, segment.RootElement.GetProperty("segmentation"), PublishedLabels.ContextLabelOfId[category]);
            }
        }
        catch (Exception error)
            when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException
                or OverflowException)
        {
            throw new DatasetException(file, $"the annotation of {name} cannot be used: {error.Message}", error);
        }
        return labels;
    }

    static void Items(ref Utf8JsonReader reader, byte[] bytes, Action<int, int> found)
    {
        Require(reader.TokenType == JsonTokenType.StartArray, "a list was expected");
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            found(start, (int)reader.BytesConsumed - start);
        }
    }

    static ContextImage Image(ReadOnlySpan<byte> item)
    {
        var reader = new Utf8JsonReader(item);
        var image = JsonElement.ParseValue(ref reader);
        return new ContextImage(
            image.GetProperty("image_id").GetInt64(), Path.GetFileNameWithoutExtension(image.GetProperty("file_name").GetString()!),
            image.GetProperty("width").GetInt32(), image.GetProperty("height").GetInt32(), image.GetProperty("phase").GetString() ?? "");
    }

    // Reads the one field alone: a segment's outline can be long.
    static long ImageOf(ReadOnlySpan<byte> item)
    {
        var reader = new Utf8JsonReader(item);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var wanted = reader.ValueTextEquals("image_id");
            reader.Read();
            if (wanted)
                return reader.GetInt64();
            reader.Skip();
        }
        throw new JsonException("a segment without image_id");
    }

    static void Require(bool fine, string problem)
    {
        if (!fine)
            throw new JsonException(problem);
    }
}

/// <summary>An image of trainval_merged.json.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its file's name without extension.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="Phase">Its split: train, val or test.</param>
sealed record ContextImage(long Id, string Name, int Width, int Height, string Phase);
