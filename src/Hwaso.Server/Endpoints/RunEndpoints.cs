using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Inference;
using Hwaso.Server.Http;
using Hwaso.Server.Runs;
using Hwaso.Training.Studies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hwaso.Server.Endpoints;

/// <summary>The trainings: all of them, one with its curves, its pictures, and its events while it trains.</summary>
static class RunEndpoints
{
    // Wide enough for a chart; more runs than colours would not be told apart.
    const int MostCompared = 16;

    static readonly string[] look = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes, ServerParts parts)
    {
        var events = new RunEvents(parts.Runs, parts.Trainings);
        Listed(routes.MapMethods("/v1/runs", look, (Delegate)((HttpContext context) => Json.WriteAsync(context, json =>
        {
            json.WriteStartArray("runs");
            var all = parts.Runs.All();
            foreach (var (name, folder) in all)
                Line(json, parts, name, folder);
            foreach (var job in parts.Trainings.Jobs.Where(j => !all.ContainsKey(j.Name)))
                Line(json, parts, job.Name, null);
            json.WriteEndArray();
        }))), "Every run: its state, progress and best score");
        Listed(routes.MapMethods("/v1/runs/{run}", look, (HttpContext context, string run) =>
        {
            if (parts.Trainings.Find(run) is { } job && !parts.Runs.All().ContainsKey(run))
                return Json.WriteAsync(context, json => RunJson.Waiting(json, job));
            var entry = parts.Runs.Read(run, parts.Runs.Find(run));
            return Json.WriteAsync(context, json =>
            {
                RunJson.Line(json, entry, parts.Trainings.Find(run));
                RunJson.Rest(json, entry);
            });
        }), "A run's settings, curves, IoU by class, confusion, pictures and log", 404);
        Listed(routes.MapMethods("/v1/runs/{run}/events", look, (HttpContext context, string run) =>
            events.SendAsync(context, run, parts.Ending)), "A run's steps and validations as server-sent events", 400, 404, 429)
            .Produces(200, contentType: "text/event-stream").Produces(204);
        Listed(routes.MapMethods("/v1/runs/{run}/pictures/{picture}", look, (HttpContext context, string run, string picture) =>
        {
            var (bytes, type) = RunPictures.Find(parts.Runs.Find(run), picture);
            context.Response.ContentType = type;
            return Json.WriteAsync(context, (ReadOnlyMemory<byte>)bytes);
        }), "A picture of a run's newest validation", 404);
        Listed(routes.MapMethods("/v1/comparison", look, (Delegate)((HttpContext context) => Compare(context, parts))),
            "Several runs (?run=A&run=B) and the settings in which they differ", 400, 404);
    }

    static RouteHandlerBuilder Listed(RouteHandlerBuilder route, string summary, params int[] statuses)
    {
        route.WithSummary(summary).WithTags("runs");
        foreach (var status in statuses.Append(401))
            route.ProducesProblem(status);
        return route;
    }

    static void Line(Utf8JsonWriter json, ServerParts parts, string name, RunFolder? folder)
    {
        var job = parts.Trainings.Find(name);
        json.WriteStartObject();
        if (folder is not null)
            RunJson.Line(json, parts.Runs.Read(name, folder), job);
        else if (job is not null)
            RunJson.Waiting(json, job);
        json.WriteEndObject();
    }

    static Task Compare(HttpContext context, ServerParts parts)
    {
        var names = context.Request.Query["run"].OfType<string>().Distinct().ToArray();
        if (names.Length is 0 or > MostCompared)
            throw RequestFailure.BadRequest($"run=NAME was wanted, once to {MostCompared} times; there are {names.Length}");
        var folders = names.ToDictionary(name => name, parts.Runs.Find);
        var failed = new Dictionary<string, string>();
        var comparison = new RunComparison(folders.Values.Select(f => f.Root), f => failed[f.Folder] = f.Problem);
        var rows = comparison.ToJson();
        return Json.WriteAsync(context, json =>
        {
            json.WriteStartArray("differing");
            foreach (var key in comparison.Differing)
                json.WriteStringValue(key);
            json.WriteEndArray();
            json.WriteStartArray("runs");
            foreach (var row in rows)
            {
                // Its folder is the server's own business.
                row!["run"] = folders.First(f => f.Value.Root == row["run"]!.GetValue<string>()).Key;
                // A score that is no number, as before the first validation, has no form in JSON.
                foreach (var (name, _) in row.AsObject().Where(m => m.Value is JsonValue value
                    && value.TryGetValue<double>(out var number) && !double.IsFinite(number)).ToArray())
                    row[name] = null;
                row.WriteTo(json);
            }
            json.WriteEndArray();
            json.WriteStartArray("not_compared");
            foreach (var (name, folder) in folders.Where(f => failed.ContainsKey(f.Value.Root)))
            {
                json.WriteStartObject();
                json.WriteString("run", name);
                json.WriteString("problem", failed[folder.Root].Replace(folder.Root, name, StringComparison.Ordinal));
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }
}
