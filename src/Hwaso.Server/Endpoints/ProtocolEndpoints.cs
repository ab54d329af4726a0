using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;
using Hwaso.Server.Http;
using Hwaso.Server.Serving;
using Hwaso.Server.Tensors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hwaso.Server.Endpoints;

/// <summary>
/// The Open Inference Protocol v2 over REST: health, metadata and inference, with binary tensors
/// (github.com/kserve/open-inference-protocol; Triton's extension_binary_data).
/// </summary>
static class ProtocolEndpoints
{
    /// <summary>The header that says how long the JSON before binary data is.</summary>
    public const string Header = "Inference-Header-Content-Length";

    static readonly string[] look = [HttpMethods.Get, HttpMethods.Head];
    static readonly string[] extensions = ["binary_tensor_data", "model_repository", "statistics"];

    public static void Map(IEndpointRouteBuilder routes, ServerParts parts)
    {
        Told(routes.MapMethods("/v2", look, (Delegate)((HttpContext context) => Json.WriteAsync(context, json =>
        {
            json.WriteString("name", "hwaso");
            json.WriteString("version", typeof(ProtocolEndpoints).Assembly.GetName().Version!.ToString(3));
            json.WriteStartArray("extensions");
            foreach (var extension in extensions)
                json.WriteStringValue(extension);
            json.WriteEndArray();
        }))), "The server's name, version and extensions", 401);
        Told(routes.MapMethods("/v2/health/live", look, (Delegate)((HttpContext context) =>
            Json.WriteAsync(context, json => json.WriteBoolean("live", true)))), "Whether the server lives");
        Told(routes.MapMethods("/v2/health/ready", look, (Delegate)((HttpContext context) =>
        {
            var ready = parts.Models.AreReady && !parts.Ends;
            return Json.WriteAsync(context, json => json.WriteBoolean("ready", ready), ready ? 200 : 503);
        })), "Whether all models that were named are loaded", 503);
        Told(routes.MapMethods("/v2/models", look, (Delegate)((HttpContext context) => Json.WriteAsync(context, json =>
        {
            json.WriteStartArray("models");
            foreach (var slot in parts.Models.All)
                json.WriteStringValue(slot.Name);
            json.WriteEndArray();
        }))), "The names of the models", 401);
        foreach (var version in new[] { "", "/versions/{version}" })
        {
            var at = "/v2/models/{model}" + version;
            Told(routes.MapMethods(at, look, (HttpContext context, string model, string? version) =>
                Describe(context, parts, model, version)), "A model's inputs and outputs", 401, 404, 503);
            Told(routes.MapMethods(at + "/ready", look, (HttpContext context, string model, string? version) =>
            {
                var ready = parts.Models.Find(model, version).Model is not null && !parts.Ends;
                return Json.WriteAsync(context, json =>
                {
                    json.WriteString("name", model);
                    json.WriteBoolean("ready", ready);
                }, ready ? 200 : 503);
            }), "Whether a model is loaded", 401, 404, 503);
            Told(routes.MapPost(at + "/infer", (HttpContext context, string model, string? version) =>
                Infer(context, parts, model, version)), "Runs a network on tensors", 400, 401, 404, 413, 415, 429, 503, 504)
                .Produces(200, contentType: "application/json", additionalContentTypes: ["application/octet-stream"]);
        }
    }

    /// <summary>Names an address in the OpenAPI document, with the statuses of its failures.</summary>
    internal static RouteHandlerBuilder Told(RouteHandlerBuilder route, string summary, params int[] statuses)
    {
        route.WithSummary(summary).WithTags("Open Inference Protocol v2").Produces(200, contentType: "application/json");
        foreach (var status in statuses)
            route.Produces(status, contentType: "application/json");
        return route;
    }

    static async Task Describe(HttpContext context, ServerParts parts, string name, string? version)
    {
        using var lease = await parts.Models.UseAsync(name, version, context.RequestAborted);
        var network = lease.Model.Network;
        await Json.WriteAsync(context, json =>
        {
            json.WriteString("name", name);
            json.WriteStartArray("versions");
            json.WriteStringValue(ModelStore.Version);
            json.WriteEndArray();
            json.WriteString("platform", "onnx_hwaso");
            Ports(json, "inputs", network.Inputs);
            Ports(json, "outputs", network.Outputs);
        });
    }

    static void Ports(Utf8JsonWriter json, string name, IReadOnlyList<ModelPort> ports)
    {
        json.WriteStartArray(name);
        foreach (var port in ports)
        {
            json.WriteStartObject();
            json.WriteString("name", port.Name);
            json.WriteString("datatype", Datatype.Of(port.Type).Name);
            json.WriteStartArray("shape");
            foreach (var size in port.Shape ?? [-1])
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static async Task Infer(HttpContext context, ServerParts parts, string name, string? version)
    {
        using var time = parts.Begin(context);
        using var lease = await parts.Models.UseAsync(name, version, time.Stop);
        var model = lease.Model;
        await time.RunAsync(model.Statistics, async () =>
        {
            parts.Queue.Look(model.Statistics);
            InferAnswer answer;
            using (var body = await parts.Bodies.ReadAsync(context.Request, time.Stop))
            using (parts.Queue.Enter(model.Statistics))
            {
                var began = Stopwatch.GetTimestamp();
                parts.Meters.Bytes("received", body.Length);
                var lengths = context.Request.Headers[Header];
                var request = InferRequest.Read(body.Bytes, lengths.Count == 0 ? null : lengths.ToString());
                var inputs = TensorReader.Match(request, name, model.Network.Inputs);
                _ = InferAnswer.Wanted(name, request, model.Network.Outputs);
                int[][] shapes = [.. inputs.Select(i => i.Shape)];
                var session = Opened(model, shapes, () => model.Take(shapes));
                for (var k = 0; k < inputs.Length; k++)
                    TensorReader.Fill(inputs[k], model.Network.Inputs[k], session, k);
                var decoded = Stopwatch.GetElapsedTime(began);
                var times = await parts.Queue.RunAsync(
                    (model, ServedModel.KeyOf(shapes)), stop => Opened(model, shapes, () =>
                    {
                        session.Run(stop);
                        return session;
                    }), time.Stop);
                began = Stopwatch.GetTimestamp();
                answer = InferAnswer.Write(name, ModelStore.Version, request, model.Network.Outputs, session);
                model.Keep(shapes, session);
                model.Statistics.Succeed(decoded, times, Stopwatch.GetElapsedTime(began));
            }
            context.Response.ContentType = answer.JsonLength is null ? "application/json" : "application/octet-stream";
            if (answer.JsonLength is { } length)
                context.Response.Headers[Header] = length.ToString(CultureInfo.InvariantCulture);
            parts.Meters.Bytes("sent", answer.Body.Length);
            await Json.WriteAsync(context, answer.Body);
        });
    }

    /// <summary>Opens or runs a network; sizes or numbers that it does not take are the request's fault.</summary>
    static Session Opened(ServedModel model, int[][] shapes, Func<Session> open)
    {
        try
        {
            return open();
        }
        catch (Exception error) when (error is ArgumentException or ModelFormatException or ArithmeticException)
        {
            throw RequestFailure.BadRequest($"model '{model.Name}' does not take inputs of {ServedModel.KeyOf(shapes)}: "
                + error.Message.Replace(model.Source, model.Name, StringComparison.Ordinal));
        }
    }
}
