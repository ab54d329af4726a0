using System.Buffers;
using System.Text.Json;
using Hwaso.Server.Http;
using Hwaso.Server.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hwaso.Server.Endpoints;

/// <summary>
/// The repository and statistics extensions of the Open Inference Protocol. Loading reads the file that was named at the start again and
/// takes neither settings nor files from the request.
/// </summary>
static class RepositoryEndpoints
{
    static readonly string[] look = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes, ServerParts parts)
    {
        ProtocolEndpoints.Told(routes.MapPost("/v2/repository/index", (Delegate)((HttpContext context) => Index(context, parts))),
            "The models with their states", 400, 401);
        ProtocolEndpoints.Told(routes.MapPost("/v2/repository/models/{model}/load", (HttpContext context, string model) =>
            Load(context, parts, model)), "Loads a model, or again, from its own file", 400, 401, 403, 404, 503);
        ProtocolEndpoints.Told(routes.MapPost("/v2/repository/models/{model}/unload", (HttpContext context, string model) =>
            Unload(context, parts, model)), "Unloads a model", 400, 401, 403, 404);
        ProtocolEndpoints.Told(routes.MapMethods("/v2/models/stats", look, (Delegate)((HttpContext context) =>
            Statistics(context, parts.Models.All))), "Counts and times of all models", 401);
        foreach (var version in new[] { "", "/versions/{version}" })
            ProtocolEndpoints.Told(routes.MapMethods(
                "/v2/models/{model}" + version + "/stats", look, (HttpContext context, string model, string? version) =>
                    Statistics(context, [parts.Models.Find(model, version)])), "Counts and times of a model", 401, 404);
    }

    static async Task Index(HttpContext context, ServerParts parts)
    {
        using var body = await parts.Bodies.ReadAsync(context.Request, context.RequestAborted);
        var ready = Parse(body.Bytes) is { } asked && asked.TryGetProperty("ready", out var flag) && (flag.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw RequestFailure.BadRequest("ready: true or false was wanted"),
        });
        // A bare array, as the extension has it.
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json.Plain))
        {
            json.WriteStartArray();
            foreach (var slot in parts.Models.All.Where(s => !ready || s.Model is not null))
            {
                json.WriteStartObject();
                json.WriteString("name", slot.Name);
                json.WriteString("version", ModelStore.Version);
                json.WriteString("state", slot.State.Word());
                json.WriteString("reason", slot.Reason);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        context.Response.ContentType = "application/json";
        await Json.WriteAsync(context, buffer.WrittenMemory);
    }

    static async Task Load(HttpContext context, ServerParts parts, string name)
    {
        var slot = await Change(context, parts, name);
        await Task.Run(() => parts.Models.TryLoad(slot), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    static async Task Unload(HttpContext context, ServerParts parts, string name)
    {
        ModelStore.Unload(await Change(context, parts, name));
        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    static async Task<ModelSlot> Change(HttpContext context, ServerParts parts, string name)
    {
        // A server without keys is anybody's to ask and nobody's to change.
        if (parts.Settings.Keys.Count == 0)
            throw new RequestFailure(403, "models are loaded and unloaded with a key only; start the server with --keys FILE");
        using var body = await parts.Bodies.ReadAsync(context.Request, context.RequestAborted);
        if (Parse(body.Bytes) is { } asked && asked.TryGetProperty("parameters", out var settings)
            && settings.ValueKind == JsonValueKind.Object && settings.EnumerateObject().Any(p => !p.NameEquals("unload_dependents"u8)))
            throw RequestFailure.BadRequest("parameters: a model is loaded from its own file alone; leave out all but unload_dependents");
        return parts.Models.Find(name, null);
    }

    static JsonElement? Parse(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
            return null;
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone()
                : throw RequestFailure.BadRequest("the body is not a JSON object");
        }
        // Half of a character in a name is found where names are compared.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw RequestFailure.BadRequest($"the JSON is wrong: {error.Message}");
        }
    }

    static Task Statistics(HttpContext context, IReadOnlyList<ModelSlot> slots) => Json.WriteAsync(context, json =>
    {
        json.WriteStartArray("model_stats");
        foreach (var slot in slots)
        {
            if (slot.Model?.Statistics.Now is not { } now)
                continue;
            json.WriteStartObject();
            json.WriteString("name", slot.Name);
            json.WriteString("version", ModelStore.Version);
            json.WriteNumber("last_inference", now.LastMs);
            json.WriteNumber("inference_count", now.Inferences);
            json.WriteNumber("execution_count", (long)Math.Round(now.Executions));
            json.WriteStartObject("inference_stats");
            Write(json, "success", now.Success);
            Write(json, "fail", now.Failure);
            Write(json, "queue", now.Queue);
            Write(json, "compute_input", now.Input);
            Write(json, "compute_infer", now.Infer);
            Write(json, "compute_output", now.Output);
            Write(json, "cache_hit", default);
            Write(json, "cache_miss", default);
            json.WriteEndObject();
            json.WriteStartArray("batch_stats");
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    static void Write(Utf8JsonWriter json, string name, CountedTime time)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", time.Count);
        json.WriteNumber("ns", time.Nanoseconds);
        json.WriteEndObject();
    }
}
