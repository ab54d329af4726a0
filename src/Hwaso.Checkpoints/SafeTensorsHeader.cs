using System.Text.Json;

namespace Hwaso.Checkpoints;

/// <summary>A header whose entries have been checked against the file's size and against each other.</summary>
sealed record SafeTensorsHeader(IReadOnlyList<SafeTensorsEntry> Entries, Dictionary<string, string> Metadata)
{
    /// <param name="path">The file, for messages.</param>
    /// <param name="json">The header.</param>
    /// <param name="dataLength">Bytes in the file after the header.</param>
    public static SafeTensorsHeader Parse(string path, ReadOnlyMemory<byte> json, long dataLength)
    {
        if (json.IsEmpty || json.Span[0] != '{')
            throw new CheckpointException(path, "header", "does not begin with '{': not a safetensors file, or damaged");
        try
        {
            var options = new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 };
            using var document = JsonDocument.Parse(json, options);
            var entries = new List<SafeTensorsEntry>();
            var metadata = new Dictionary<string, string>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == SafeTensors.MetadataKey)
                    metadata = Texts(path, property.Value);
                else
                    entries.Add(Entry(path, property.Name, property.Value));
            }

            CheckCoverage(path, entries, dataLength);
            return new SafeTensorsHeader(entries, metadata);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is not valid UTF-8 or UTF-16.
            throw new CheckpointException(path, "header", $"not valid JSON; the file is damaged. {e.Message}", e);
        }
    }

    static Dictionary<string, string> Texts(string path, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new CheckpointException(path, SafeTensors.MetadataKey, $"{element.ValueKind} where an object of texts is wanted");
        var texts = new Dictionary<string, string>();
        foreach (var property in element.EnumerateObject())
        {
            var value = property.Value;
            if (value.ValueKind != JsonValueKind.String)
                throw new CheckpointException(path, SafeTensors.MetadataKey, $"{property.Name} is {value.ValueKind} where text is wanted");
            texts.Add(property.Name, value.GetString()!);
        }

        return texts;
    }

    static SafeTensorsEntry Entry(string path, string name, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Fail($"{element.ValueKind} where dtype, shape and data_offsets are wanted");
        string? dtype = null;
        long[]? shape = null;
        long[]? offsets = null;
        foreach (var property in element.EnumerateObject())
        {
            if (property.Name == "dtype" && property.Value.ValueKind == JsonValueKind.String)
                dtype = property.Value.GetString();
            else if (property.Name == "shape")
                shape = Naturals(property.Value);
            else if (property.Name == "data_offsets")
                offsets = Naturals(property.Value);
            else
                throw Fail($"{property.Name} is not part of a tensor's description, or not of its kind");
        }

        if (dtype is null || shape is null || offsets is not [var begin, var end])
            throw Fail("dtype, shape (non-negative integers) and data_offsets (two of them) are wanted");
        if (SafeTensors.TypeOf(dtype) is not { } type)
            throw Fail($"element type {dtype} is not supported");
        if (HostTensor.ByteCount(type, shape) is not { } bytes || begin > end || bytes != end - begin)
            throw Fail($"{dtype}[{string.Join(", ", shape)}] does not take the bytes {begin} to {end}");
        return new SafeTensorsEntry(name, type, shape, begin, end);

        CheckpointException Fail(string problem) => new(path, name, problem);
    }

    static long[]? Naturals(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Array)
            return null;
        var numbers = new List<long>();
        foreach (var item in element.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var number) || number < 0)
                return null;
            numbers.Add(number);
        }

        return [.. numbers];
    }

    /// <summary>Checks that the tensors cover the data without hole, overlap or rest, as the format demands.</summary>
    static void CheckCoverage(string path, List<SafeTensorsEntry> entries, long dataLength)
    {
        var covered = 0L;
        foreach (var entry in entries.OrderBy(static e => e.Begin).ThenBy(static e => e.End))
        {
            if (entry.End > dataLength)
                throw Fail(entry.Name, $"ends at byte {entry.End} of {dataLength}; the file is cut short or damaged");
            if (entry.Begin != covered)
            {
                var what = entry.Begin < covered ? "overlaps another tensor" : "leaves a hole before it";
                throw Fail(entry.Name, $"begins at byte {entry.Begin} where {covered} is due: {what}");
            }

            covered = entry.End;
        }

        if (covered != dataLength)
            throw Fail(null, $"{dataLength - covered} bytes follow the last tensor; the file is damaged");

        CheckpointException Fail(string? key, string problem) => new(path, key, problem);
    }
}

/// <summary>One tensor of a header; offsets count from the end of the header.</summary>
sealed record SafeTensorsEntry(string Name, ElementType Type, long[] Shape, long Begin, long End);
