using System.Text.Json;

namespace Hwaso.Checkpoints;

/// <summary>A checkpoint in parts: an index in JSON, whose <c>weight_map</c> gives the file of each tensor beside it.</summary>
static class ShardedFile
{
    /// <summary>How an index's name ends.</summary>
    public const string Ending = ".index.json";

    const long MostBytes = 64 << 20;

    /// <summary>Reads every part that the index lists.</summary>
    /// <exception cref="CheckpointException">The index is damaged, or a part is or lacks a tensor that the index promises.</exception>
    /// <exception cref="IOException">A file does not exist or cannot be read.</exception>
    public static TensorFile Read(string path)
    {
        var map = Map(path);
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var parts = new Dictionary<string, TensorFile>(StringComparer.Ordinal);
        var tensors = new OrderedDictionary<string, HostTensor>();
        foreach (var (key, name) in map)
        {
            if (name.Length == 0 || name != System.IO.Path.GetFileName(name))
                throw new CheckpointException(path, key, $"lies in '{name}'; the name of a file beside the index was wanted");
            if (!parts.TryGetValue(name, out var part))
                parts.Add(name, part = TensorFile.Read(System.IO.Path.Combine(folder, name)));
            tensors.Add(key, part.Tensors.TryGetValue(key, out var tensor) ? tensor
                : throw new CheckpointException(part.Path, key, $"is missing, though {System.IO.Path.GetFileName(path)} promises it here"));
        }
        return new TensorFile(path, tensors, new Dictionary<string, string>());
    }

    static List<(string Key, string File)> Map(string path)
    {
        if (new FileInfo(path).Length > MostBytes)
            throw new CheckpointException(path, null, $"is larger than {MostBytes} bytes; an index of a checkpoint in parts was wanted");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. json.RootElement.GetProperty("weight_map").EnumerateObject()
                .Select(entry => (entry.Name, entry.Value.GetString() ?? ""))];
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CheckpointException(path, null,
                $"is no index of a checkpoint in parts, which has a weight_map of names: {error.Message}");
        }
    }
}
