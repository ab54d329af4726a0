using Hwaso.Recipes;
using Hwaso.Server.Http;
using Hwaso.Server.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Hwaso.Server.Endpoints;

/// <summary>Starts, stops and resumes trainings, and says which keys a recipe can have.</summary>
static class TrainingEndpoints
{
    static readonly string[] look = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes, ServerParts parts)
    {
        var queue = parts.Trainings;
        Listed(routes.MapMethods("/v1/recipe-keys", look, (Delegate)((HttpContext context) => Keys(context))),
            "The keys of a recipe with type, default and meaning (?lang=ko)");
        Listed(routes.MapMethods("/v1/recipes", look, (Delegate)((HttpContext context) => Json.WriteAsync(context, json =>
        {
            json.WriteStartArray("recipes");
            foreach (var name in queue.Recipes.Keys)
                json.WriteStringValue(name);
            json.WriteEndArray();
        }))), "The recipes that come with Hwaso");
        Listed(routes.MapMethods("/v1/recipes/{**recipe}", look, (HttpContext context, string recipe) => Recipe(context, queue, recipe)),
            "A recipe: its text, and its settings by key", 404);
        Listed(routes.MapPost("/v1/runs", (Delegate)(async (HttpContext context) =>
        {
            var order = await Order(context, parts);
            await Accepted(context, order.Start(queue, parts.Runs, parts.Data is { } data ? (data.Root, data.Layout) : null));
        })), "Starts a training: {recipe, run or text, name, settings}", 400, 403, 404, 409, 415, 422, 429, 503);
        Listed(routes.MapPost("/v1/runs/{run}/resume", async (HttpContext context, string run) =>
        {
            var order = await Order(context, parts);
            order.Resume(queue, run, parts.Runs.Find(run));
            await Accepted(context, run);
        }), "Continues a training where it stopped", 400, 403, 404, 409, 415, 422, 429, 503);
        Listed(routes.MapPost("/v1/runs/{run}/stop", async (HttpContext context, string run) =>
        {
            await Order(context, parts);
            if (queue.Find(run) is null)
                parts.Runs.Find(run);
            queue.Stop(run);
            await Accepted(context, run);
        }), "Stops a training: it finishes its step and saves", 400, 403, 404, 409, 415, 503);
    }

    static RouteHandlerBuilder Listed(RouteHandlerBuilder route, string summary, params int[] statuses)
    {
        route.WithSummary(summary).WithTags("runs");
        foreach (var status in statuses.Append(401))
            route.ProducesProblem(status);
        return route;
    }

    static async Task<TrainingOrder> Order(HttpContext context, ServerParts parts)
    {
        parts.RequireOwner(context, "trainings");
        // Browsers send no JSON to another site without asking first.
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || type.MediaType != "application/json")
            throw RequestFailure.WrongType("Content-Type: application/json was wanted", "application/json");
        using var time = parts.Begin(context);
        using var body = await parts.Bodies.ReadAsync(context.Request, time.Stop);
        return TrainingOrder.Read(body.Bytes);
    }

    static Task Accepted(HttpContext context, string run)
    {
        context.Response.Headers.Location = $"/v1/runs/{Uri.EscapeDataString(run)}";
        return Json.WriteAsync(context, json => json.WriteString("name", run), StatusCodes.Status202Accepted);
    }

    static Task Keys(HttpContext context)
    {
        var keys = context.Request.Query["lang"] == "ko" ? RecipeReference.Korean : RecipeReference.English;
        var paths = RecipeReference.Paths.ToHashSet();
        return Json.WriteAsync(context, json =>
        {
            json.WriteStartArray("keys");
            foreach (var key in keys)
            {
                json.WriteStartObject();
                json.WriteString("key", key.Key);
                json.WriteString("type", key.Type);
                if (key.Default is { } value)
                    json.WriteString("default", value);
                json.WriteBoolean("required", key.IsRequired);
                json.WriteBoolean("path", paths.Contains(key.Key));
                json.WriteString("meaning", key.Meaning);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    static Task Recipe(HttpContext context, TrainingQueue queue, string name)
    {
        if (!queue.Recipes.TryGetValue(Uri.UnescapeDataString(name), out var file))
            throw RequestFailure.NotFound($"no recipe is named '{RequestFailure.Shown(name)}'; GET /v1/recipes lists them");
        var text = RecipeFile.TextOf(file);
        var settings = RecipeSettings.Of(Hwaso.Recipes.Recipe.Read(text, Path.GetFileName(file)));
        return Json.WriteAsync(context, json =>
        {
            json.WriteString("name", name);
            json.WriteString("text", text);
            json.WriteStartObject("settings");
            foreach (var (key, value) in settings)
                json.WriteString(key, value);
            json.WriteEndObject();
        });
    }
}
