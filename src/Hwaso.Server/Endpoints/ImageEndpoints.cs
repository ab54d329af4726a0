using System.Diagnostics;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime.Format;
using Hwaso.Server.Http;
using Hwaso.Server.Images;
using Hwaso.Server.Serving;
using Hwaso.Torch;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hwaso.Server.Endpoints;

/// <summary>The interface for images: an image in, what the network says about it out.</summary>
static class ImageEndpoints
{
    static readonly string[] look = [HttpMethods.Get, HttpMethods.Head];

    // curl -T sends PUT.
    static readonly string[] send = [HttpMethods.Post, HttpMethods.Put];

    public static void Map(IEndpointRouteBuilder routes, ServerParts parts)
    {
        routes.MapMethods("/v1/models", look, (Delegate)((HttpContext context) => Json.WriteAsync(context, json =>
        {
            json.WriteStartArray("models");
            foreach (var slot in parts.Models.All)
            {
                json.WriteStartObject();
                Describe(json, slot);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }))).WithSummary("The models: tasks, addresses, classes, and how an image becomes an input").WithTags("models")
            .ProducesProblem(401);
        routes.MapMethods("/v1/models/{model}", look, async (HttpContext context, string model) =>
        {
            var slot = parts.Models.Find(model, null);
            // A run of the folder of runs says its task and classes once it is loaded.
            if (context.Request.Query["load"] == "true" && !parts.Ends)
                (await parts.Models.UseAsync(model, null, context.RequestAborted)).Dispose();
            await Json.WriteAsync(context, json => Describe(json, slot));
        }).WithSummary("A model; ?load=true loads a run first").WithTags("models").ProducesProblem(401).ProducesProblem(404)
            .ProducesProblem(503);
        foreach (var task in new[] { "segment", "poses", "boxes", "depth" })
            Told(routes.MapMethods(
                    $"/v1/models/{{model}}/{task}", send, (HttpContext context, string model) => Ask(context, parts, model, task)))
                .WithSummary($"An image's {(task == "segment" ? "labels" : task)}").WithTags("images");
        Told(routes.MapMethods("/v1/models/{model}/explain", send, (HttpContext context, string model) => Explain(context, parts, model)))
            .WithSummary("The attention of a run at a pixel").WithTags("images");
        var places = new SemaphoreSlim(Environment.ProcessorCount);
        Told(routes.MapMethods("/v1/png", send, (Delegate)((HttpContext context) => Convert(context, parts, places))))
            .WithSummary("An image as the PNG that networks see, for browsers that do not read its format").WithTags("images");
    }

    // The statuses that the document lists.
    static RouteHandlerBuilder Told(RouteHandlerBuilder route)
    {
        route.Produces(200, contentType: "image/png", additionalContentTypes: ["application/json", "application/geo+json"]);
        foreach (var status in new[] { 400, 401, 404, 406, 413, 415, 422, 429, 503, 504 })
            route.ProducesProblem(status);
        return route;
    }

    static void Describe(Utf8JsonWriter json, ModelSlot slot)
    {
        json.WriteString("name", slot.Name);
        json.WriteString("state", slot.State.Word());
        if (slot.Model is not { } model)
            return;
        json.WriteString("task", model.Task);
        json.WriteString("engine", model.Torch is null ? "Hwaso.Runtime" : "libtorch");
        json.WriteString("device", (model.Torch?.Device ?? Device.Cpu).ToString());
        if (model.Tasks is [var images, .. var others])
        {
            Describe(json, slot.Name, images);
            if (others.Length > 0)
            {
                json.WriteStartArray("others");
                foreach (var other in others)
                {
                    json.WriteStartObject();
                    Describe(json, slot.Name, other);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            }
        }
        json.WriteBoolean("explains", model.Explainer is not null);
    }

    static void Describe(Utf8JsonWriter json, string model, ImageTask task)
    {
        json.WriteString("address", $"/v1/models/{Uri.EscapeDataString(model)}/{task.Address}");
        json.WriteStartArray("answers");
        foreach (var form in task.Forms)
            json.WriteStringValue(form.Name);
        json.WriteEndArray();
        task.Describe(json);
    }

    static async Task Ask(HttpContext context, ServerParts parts, string name, string task)
    {
        using var time = parts.Begin(context);
        using var lease = await parts.Models.UseAsync(name, null, time.Stop);
        if (lease.Model.NoImages is { } reason)
            throw new RequestFailure(422, $"model '{name}' takes no images: {reason}");
        var images = lease.Model.Tasks.FirstOrDefault(t => t.Address == task)
            ?? throw new RequestFailure(422, $"model '{name}' is a network for {lease.Model.Task}; post the image to "
                + string.Join(" or ", lease.Model.Tasks.Select(t => $"/v1/models/{name}/{t.Address}")));
        var question = ImageQuestion.Of(context.Request, images.Forms);
        await Answer(context, parts, lease.Model, task, time, question.Form, (image, stop) => images.Run(name, image, question, stop));
    }

    static async Task Explain(HttpContext context, ServerParts parts, string name)
    {
        using var time = parts.Begin(context);
        using var lease = await parts.Models.UseAsync(name, null, time.Stop);
        var explainer = lease.Model.Explainer ?? throw new RequestFailure(
            422, $"model '{name}' is an exported network, which shows its answers alone; serve the run that it was exported from");
        var (x, y) = (Pixel(context.Request, "x"), Pixel(context.Request, "y"));
        if (x is null != y is null)
            throw RequestFailure.BadRequest("x and y were wanted together: the pixel's column and row, from 0");
        var at = x is { } column && y is { } row ? (column, row) : ((int, int)?)null;
        await Answer(context, parts, lease.Model, "explain", time, AnswerChoice.Of(context.Request, Explainer.Forms),
            (image, _) => explainer.Run(image, at));
    }

    static async Task Convert(HttpContext context, ServerParts parts, SemaphoreSlim places)
    {
        using var time = parts.Begin(context);
        ImageUpload.CheckType(context.Request.ContentType);
        ReadOnlyMemory<byte> png;
        using (var body = await parts.Bodies.ReadAsync(context.Request, time.Stop))
        {
            var bytes = await ImageUpload.BytesAsync(body, context.Request.ContentType, time.Stop);
            ImageUpload.Size(bytes.Span, parts.Settings.MaxPixels);
            await places.WaitAsync(time.Stop);
            try
            {
                png = Png.Encode(Fitting(() => ImageFile.DecodeRgb(bytes.Span, "the image")));
            }
            finally
            {
                places.Release();
            }
        }
        context.Response.ContentType = "image/png";
        await Json.WriteAsync(context, png);
    }

    static int? Pixel(HttpRequest request, string name) => ImageQuestion.Number(request, name, 0, ushort.MaxValue) switch
    {
        null => null,
        { } value when value == Math.Floor(value) => (int)value,
        { } value => throw RequestFailure.BadRequest(FormattableString.Invariant($"{name}={value}: a whole number was wanted")),
    };

    static Task Answer(
        HttpContext context, ServerParts parts, ServedModel model, string question, RequestTime time, AnswerForm form,
        Func<RgbImage, CancellationToken, Func<AnswerForm, ReadOnlyMemory<byte>>> ask)
    {
        ImageUpload.CheckType(context.Request.ContentType);
        return time.RunAsync(model.Statistics, async () =>
        {
            parts.Queue.Look(model.Statistics);
            ReadOnlyMemory<byte> answer;
            using (var body = await parts.Bodies.ReadAsync(context.Request, time.Stop))
            {
                parts.Meters.Bytes("received", body.Length);
                var bytes = await ImageUpload.BytesAsync(body, context.Request.ContentType, time.Stop);
                var size = ImageUpload.Size(bytes.Span, parts.Settings.MaxPixels);
                using (parts.Queue.Enter(model.Statistics))
                {
                    var began = Stopwatch.GetTimestamp();
                    var image = Fitting(() => ImageFile.DecodeRgb(bytes.Span, "the image"));
                    var decoded = Stopwatch.GetElapsedTime(began);
                    Func<AnswerForm, ReadOnlyMemory<byte>>? write = null;
                    var times = await parts.Queue.RunAsync(
                        (model, size, question), stop => write = Fitting(() => ask(image, stop)), time.Stop);
                    began = Stopwatch.GetTimestamp();
                    answer = write!(form);
                    model.Statistics.Succeed(decoded, times, Stopwatch.GetElapsedTime(began));
                }
            }
            context.Response.ContentType = form.MediaType;
            parts.Meters.Bytes("sent", answer.Length);
            await Json.WriteAsync(context, answer);
        });
    }

    /// <summary>Makes the words of a decoder or a network the answer: an image that is broken is the request's fault.</summary>
    static T Fitting<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (error is ImageFormatException or ArgumentException or ArithmeticException or ModelFormatException)
        {
            throw new RequestFailure(422, error.Message);
        }
        catch (TorchException error)
        {
            throw error.IsOutOfMemory
                ? new RequestFailure(503, "the device has too little memory for this image now; send it again, or a smaller one")
                : new RequestFailure(422, error.Message);
        }
    }
}
