using Hwaso.Imaging;
using Hwaso.Server.DataSets;
using Hwaso.Server.Http;
using Hwaso.Server.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hwaso.Server.Endpoints;

/// <summary>The data set: its classes and problems, its images and labels, and labels that are drawn anew.</summary>
static class DataEndpoints
{
    const int UsualSize = 320, LeastSize = 16, MostSize = 4096;

    static readonly string[] look = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes, ServerParts parts)
    {
        if (parts.Data is not { } data)
        {
            Listed(routes.MapMethods("/v1/data", look, (Delegate)(Func<HttpContext, Task>)(_ => throw RequestFailure.NotFound(
                "the server shows no data set; start it with --data DIR"))), "The data set", 404);
            return;
        }
        var pictures = new DataPictures(data, parts.Settings.MaxPixels);
        var labels = new LabelFile(data);
        const string One = "/v1/data/images/{split}/{image}";
        Listed(routes.MapMethods("/v1/data", look, (Delegate)((HttpContext context) =>
            Json.WriteAsync(context, json => DataJson.Set(json, data)))), "The data set: splits, class histogram, findings of the check");
        Listed(routes.MapMethods("/v1/data/images", look, (Delegate)((HttpContext context) => List(context, data, parts))),
            "Its images: ?split= ?class= ?problem= ?run= ?order=suspicious|wrong|name ?offset= ?limit=", 400, 404);
        Listed(routes.MapMethods(One, look, (HttpContext context, string split, string image) =>
        {
            var found = data.Find(split, image);
            data.Scan.Begin();
            return Json.WriteAsync(context, json =>
            {
                DataJson.Image(json, data, found, null);
                var reason = labels.ReadOnlyReason(found);
                json.WriteBoolean("writable", reason is null);
                if (reason is not null)
                    json.WriteString("reason", reason);
                json.WriteBoolean("changed", labels.HasOriginal(found));
                if (found.Sample.LabelPath is { } path && File.Exists(path))
                    json.WriteString("etag", FileTag.Of(data.Read(path)));
            });
        }), "An image and what is known of its label", 404);
        Listed(routes.MapMethods(One + "/image", look, async (HttpContext context, string split, string image) =>
        {
            var (found, size) = (data.Find(split, image), Size(context.Request));
            if (IsKnown(context, FileTag.Of($"image {size}", found.Sample.ImagePath)))
                return;
            var (bytes, type) = await pictures.ImageAsync(found, size, context.RequestAborted);
            context.Response.ContentType = type;
            await Json.WriteAsync(context, bytes);
        }), "The image's file, or a smaller JPEG (?size=)", 400, 404, 413, 422);
        Listed(routes.MapMethods(One + "/overlay", look, async (HttpContext context, string split, string image) =>
        {
            var (found, size) = (data.Find(split, image), Size(context.Request) ?? UsualSize);
            var opacity = ImageQuestion.Number(context.Request, "opacity", 0, 1) ?? 0.5;
            if (IsKnown(context, FileTag.Of(
                FormattableString.Invariant($"overlay {size} {opacity}"), found.Sample.ImagePath, found.Sample.LabelPath ?? "")))
                return;
            var bytes = await pictures.OverlayAsync(found, size, (float)opacity, context.RequestAborted);
            context.Response.ContentType = "image/jpeg";
            await Json.WriteAsync(context, bytes);
        }), "The image with its labels over it (?size= ?opacity=)", 400, 404, 413, 422);
        Listed(routes.MapMethods(One + "/label", look, (HttpContext context, string split, string image) =>
        {
            var (png, tag) = labels.Read(data.Find(split, image), context.Request.Query["version"] == "original");
            if (IsKnown(context, tag))
                return Task.CompletedTask;
            context.Response.ContentType = "image/png";
            return Json.WriteAsync(context, (ReadOnlyMemory<byte>)png);
        }), "The label, a PNG of class indices (255: ignored); ?version=original before the first change", 404, 422);
        Listed(routes.MapPut(One + "/label", (HttpContext context, string split, string image) =>
            Put(context, parts, labels, data.Find(split, image))),
            "Writes the label: a PNG of class indices, with If-Match, or If-None-Match: * where there is none",
            400, 403, 404, 412, 413, 415, 422, 428, 503, 507);
    }

    static RouteHandlerBuilder Listed(RouteHandlerBuilder route, string summary, params int[] statuses)
    {
        route.WithSummary(summary).WithTags("data");
        foreach (var status in statuses.Append(401))
            route.ProducesProblem(status);
        return route;
    }

    static Task List(HttpContext context, DataFolder data, ServerParts parts)
    {
        data.Scan.Begin();
        var query = DataQuery.Of(context.Request, data, parts.Runs);
        var found = query.Run(data);
        return Json.WriteAsync(context, json =>
        {
            json.WriteNumber("total", found.Count);
            json.WriteNumber("offset", query.Offset);
            json.WriteStartArray("images");
            foreach (var image in found.Skip(query.Offset).Take(query.Limit))
            {
                json.WriteStartObject();
                DataJson.Image(json, data, image, query.Wrong?.TryGetValue(image.Sample.Id, out var miou) == true ? miou : null);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    static async Task Put(HttpContext context, ServerParts parts, LabelFile labels, DataImage image)
    {
        parts.RequireOwner(context, "labels");
        var (match, none) = (context.Request.Headers.IfMatch.ToString().Trim(), context.Request.Headers.IfNoneMatch.ToString().Trim());
        if (match.Length == 0 && none != "*")
            throw new RequestFailure(428, "send the ETag of the label that you changed as If-Match, or If-None-Match: * for an image "
                + "without one, so that nobody's change is lost");
        ImageUpload.CheckType(context.Request.ContentType);
        using var time = parts.Begin(context);
        using var body = await parts.Bodies.ReadAsync(context.Request, time.Stop);
        ImageUpload.Size(body.Bytes.Span, parts.Settings.MaxPixels);
        LabelMap drawn;
        try
        {
            drawn = Png.DecodeLabels(body.Bytes.Span, "the label");
        }
        catch (ImageFormatException error)
        {
            throw new RequestFailure(422, error.Message);
        }
        // "*" matches any label that there is (RFC 9110 section 13.1.1): the client says that it does not care what it replaces.
        var seen = none == "*" ? null : match == "*" ? labels.Read(image, original: false).Tag : match;
        var tag = await labels.WriteAsync(image, drawn, seen, time.Stop);
        context.Response.Headers.ETag = tag;
        await Json.WriteAsync(context, json =>
        {
            json.WriteString("etag", tag);
            json.WriteBoolean("changed", labels.HasOriginal(image));
        });
    }

    /// <summary>Says which version an answer has; where the client has it already, answers 304 (RFC 9110 section 13.1.2).</summary>
    static bool IsKnown(HttpContext context, string tag)
    {
        context.Response.Headers.ETag = tag;
        // Kept by the browser, asked for again each time.
        context.Response.Headers.CacheControl = "private, no-cache";
        if (!context.Request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Contains(tag))
            return false;
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    static int? Size(HttpRequest request) => ImageQuestion.Number(request, "size", LeastSize, MostSize) is { } size ? (int)size : null;
}
