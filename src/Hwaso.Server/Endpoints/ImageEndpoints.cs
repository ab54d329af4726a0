using System.Diagnostics;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime.Format;
using Hwaso.Server.Http;
using Hwaso.Server.Images;
using Hwaso.Server.Serving;
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
        routes.MapMethods("/v1/models", look, (HttpContext context) => Json.WriteAsync(context, json =>
        {
            json.WriteStartArray("models");
            foreach (var slot in parts.Models.All)
            {
                json.WriteStartObject();
                Describe(json, slot);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }));
        routes.MapMethods("/v1/models/{model}", look, async (HttpContext context, string model) =>
        {
            var slot = parts.Models.Find(model, null);
            // A run of the folder of runs says its task and classes once it is loaded.
            if (context.Request.Query["load"] == "true" && !parts.Ends)
                (await parts.Models.UseAsync(model, null, context.RequestAborted)).Dispose();
            await Json.WriteAsync(context, json => Describe(json, slot));
        });
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
        if (model.Images is { } images)
        {
            json.WriteString("address", $"/v1/models/{Uri.EscapeDataString(slot.Name)}/{images.Address}");
            json.WriteStartArray("answers");
            foreach (var form in images.Forms)
                json.WriteStringValue(form.Name);
            json.WriteEndArray();
            images.Describe(json);
        }
        json.WriteBoolean("explains", model.Explainer is not null);
    }

    static async Task Ask(HttpContext context, ServerParts parts, string name, string task)
    {
        using var time = parts.Begin(context);
        using var lease = await parts.Models.UseAsync(name, null, time.Stop);
        var images = lease.Model.Images
            ?? throw new RequestFailure(422, $"model '{name}' takes no images: {lease.Model.NoImages}");
        if (images.Address != task)
            throw new RequestFailure(422, $"model '{name}' is a network for {lease.Model.Task}; post the image to /v1/models/{name}/"
                + images.Address);
        var question = ImageQuestion.Of(context.Request, images.Forms);
        await Answer(context, parts, lease.Model, time, question.Form, (image, stop) => images.Run(name, image, question, stop));
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
        await Answer(context, parts, lease.Model, time, AnswerChoice.Of(context.Request, Explainer.Forms),
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
        HttpContext context, ServerParts parts, ServedModel model, RequestTime time, AnswerForm form,
        Func<RgbImage, CancellationToken, Func<AnswerForm, ReadOnlyMemory<byte>>> ask)
    {
        ImageUpload.CheckType(context.Request.ContentType);
        return time.RunAsync(model.Statistics, async () =>
        {
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
                        (model, size), stop => write = Fitting(() => ask(image, stop)), time.Stop);
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
    }
}
