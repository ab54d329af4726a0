using System.Text.Json;
using Hwaso.Inference;
using Hwaso.Server.Http;
using Hwaso.Training.Loop;

namespace Hwaso.Server.Runs;

/// <summary>The pictures and scores of a run's newest validation.</summary>
static class RunPictures
{
    static readonly string[] kinds = ["image", "truth", "prediction"];

    /// <summary>Writes the member <c>pictures</c>: the worst and the best images with the addresses of their pictures.</summary>
    public static void Write(Utf8JsonWriter json, string name, RunFolder run)
    {
        json.WriteStartArray("pictures");
        if (Read(run) is { } index)
            using (index.Document)
                foreach (var picture in index.Document.RootElement.GetProperty("pictures").EnumerateArray())
                {
                    json.WriteStartObject();
                    foreach (var member in picture.EnumerateObject())
                        if (kinds.Contains(member.Name))
                            json.WriteString(member.Name, $"/v1/runs/{Uri.EscapeDataString(name)}/pictures/"
                                + $"{Uri.EscapeDataString(member.Value.ToString())}?step={Path.GetFileName(index.Folder)}");
                        else
                            member.WriteTo(json);
                    json.WriteEndObject();
                }
        json.WriteEndArray();
    }

    /// <summary>A picture's bytes and type.</summary>
    /// <exception cref="RequestFailure">The newest validation has none of this name (404).</exception>
    public static (byte[] Bytes, string Type) Find(RunFolder run, string file)
    {
        var missing = RequestFailure.NotFound(
            $"the newest validation has no picture '{RequestFailure.Shown(file)}'; ask for the run again, which lists them");
        if (Read(run) is not { } index)
            throw missing;
        using (index.Document)
        {
            // The list is a file, too: a name in it with a folder is none of a picture.
            var names = index.Document.RootElement.GetProperty("pictures").EnumerateArray()
                .SelectMany(p => kinds.Select(kind => p.GetProperty(kind).GetString()!)).Where(n => n == Path.GetFileName(n));
            if (names.FirstOrDefault(n => n == file) is not { } known)
                throw missing;
            try
            {
                return (File.ReadAllBytes(Path.Combine(index.Folder, known)),
                    known.EndsWith(".jpg", StringComparison.Ordinal) ? "image/jpeg" : "image/png");
            }
            catch (IOException)
            {
                // A newer validation took its place meanwhile.
                throw missing;
            }
        }
    }

    /// <summary>The mIoU of each image of the newest validation by its name; empty where the run has none.</summary>
    public static Dictionary<string, double> Scores(RunFolder run)
    {
        var scores = new Dictionary<string, double>(StringComparer.Ordinal);
        if (Read(run) is { } index)
            using (index.Document)
                foreach (var image in index.Document.RootElement.GetProperty("images").EnumerateArray())
                    scores[image.GetProperty("id").GetString()!] = image.GetProperty("miou").GetDouble();
        return scores;
    }

    static (string Folder, JsonDocument Document)? Read(RunFolder run)
    {
        try
        {
            if (ValidationFolder.Newest(run) is not { } folder)
                return null;
            var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, ValidationFolder.Index)));
            if (IsList(document.RootElement, "pictures", p => kinds.All(k => IsText(p, k)))
                && IsList(document.RootElement, "images", i => IsText(i, "id")
                    && i.TryGetProperty("miou", out var miou) && miou.ValueKind == JsonValueKind.Number))
                return (folder, document);
            document.Dispose();
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    static bool IsList(JsonElement root, string name, Func<JsonElement, bool> fits) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
        && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object && fits(item));

    static bool IsText(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String;
}
