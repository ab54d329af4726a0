using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Inference;

namespace Hwaso.Cli.Output;

/// <summary>Writes a result as one line of JSON. Numbers that JSON does not have (NaN, infinities) become null.</summary>
static class JsonOutput
{
    // Paths and class names may hold any letter; nothing here is embedded in HTML.
    static readonly JsonWriterOptions options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(TextWriter output, JsonObject report)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, options)) Write(writer, report);
        output.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }

    /// <summary>An array of the texts.</summary>
    public static JsonArray Array(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode?)JsonValue.Create(text))];

    /// <summary>An array with <c>image</c> and <c>message</c> of each image that was left out.</summary>
    public static JsonArray Failures(IEnumerable<ImageFailure> failed) =>
        [.. failed.Select(f => new JsonObject { ["image"] = f.Image, ["message"] = f.Problem })];

    /// <summary>An array of the numbers.</summary>
    public static JsonArray Array(IEnumerable<double> numbers) => [.. numbers.Select(number => (JsonNode?)JsonValue.Create(number))];

    static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case null:
            case JsonValue value when IsNoNumber(value):
                writer.WriteNullValue();
                break;
            case JsonObject fields:
                writer.WriteStartObject();
                foreach (var (name, field) in fields)
                {
                    writer.WritePropertyName(name);
                    Write(writer, field);
                }
                writer.WriteEndObject();
                break;
            case JsonArray items:
                writer.WriteStartArray();
                foreach (var item in items) Write(writer, item);
                writer.WriteEndArray();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }

    static bool IsNoNumber(JsonValue value) =>
        (value.TryGetValue(out double d) && !double.IsFinite(d)) || (value.TryGetValue(out float f) && !float.IsFinite(f));
}
