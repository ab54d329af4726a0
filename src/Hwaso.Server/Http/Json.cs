using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Hwaso.Server.Http;

/// <summary>Writes answers that are whole before their first byte leaves, so that a failure while writing is still an answer.</summary>
static class Json
{
    /// <summary>Words as they are, apostrophes and Korean letters included: no answer is read as HTML.</summary>
    public static JsonWriterOptions Plain { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with an object.</summary>
    public static Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> members, int status = 200)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return WriteAsync(context, buffer.WrittenMemory);
    }

    /// <summary>Answers with bytes, JSON packed where the client accepts it; of HEAD, with their length alone.</summary>
    public static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        body = Packing.Of(context, body);
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
