using Hwaso.Server.Http;
using Hwaso.Server.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Hwaso.Server.Endpoints;

/// <summary>The networks themselves: their .onnx files, which a browser or another program can run.</summary>
static class FileEndpoints
{
    static readonly string[] look = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes, ServerParts parts) =>
        routes.MapMethods("/v1/models/{model}/file", look, (HttpContext context, string model) => Send(context, parts, model))
            .WithSummary("A model's .onnx file").WithTags("models").Produces(200, contentType: "application/octet-stream")
            .ProducesProblem(404).ProducesProblem(416).ProducesProblem(503);

    static async Task Send(HttpContext context, ServerParts parts, string name)
    {
        if (parts.Ends)
            throw ServerParts.EndingFailure;
        using var lease = await parts.Models.UseAsync(name, null, context.RequestAborted);
        var file = lease.Model.File;
        file.CheckUnchanged();
        var response = context.Response;
        response.Headers.ETag = file.Tag;
        // A browser keeps it and asks whether it is the same.
        response.Headers.CacheControl = "private, no-cache";
        if (new RequestHeaders(context.Request.Headers).IfNoneMatch.Any(known => known.Tag == "*" || known.Tag == file.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(name + ".onnx");
        response.Headers.ContentDisposition = disposition.ToString();
        response.ContentType = "application/octet-stream";
        response.Headers.AcceptRanges = "bytes";
        var (begin, end) = Part(context, file);
        response.ContentLength = end - begin;
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await file.CopyToAsync(response.Body, begin, end, context.RequestAborted);
        parts.Meters.Bytes("sent", end - begin);
    }

    /// <summary>
    /// The bytes that are wanted of a file, so that a download that broke off goes on: one range (RFC 9110 section 14), or all of them
    /// where there are several, where a range makes no sense, or where it is of another version of the file.
    /// </summary>
    /// <exception cref="RequestFailure">The range lies behind the end (416).</exception>
    static (long Begin, long End) Part(HttpContext context, ModelFile file)
    {
        var (request, response) = (context.Request.GetTypedHeaders(), context.Response);
        if (!HttpMethods.IsGet(context.Request.Method) || request.Range is not { Unit.Value: "bytes", Ranges.Count: 1 } wanted
            || (request.IfRange is { } version && version.EntityTag?.Tag != file.Tag))
            return (0, file.Length);
        var range = wanted.Ranges.Single();
        var begin = range.From ?? Math.Max(0, file.Length - range.To!.Value);
        var end = range.From is null ? file.Length : Math.Min(file.Length, (range.To ?? long.MaxValue - 1) + 1);
        if (begin >= end)
            throw new RequestFailure(416, $"the file has {file.Length} bytes").With("Content-Range", $"bytes */{file.Length}");
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.Headers.ContentRange = $"bytes {begin}-{end - 1}/{file.Length}";
        return (begin, end);
    }
}
