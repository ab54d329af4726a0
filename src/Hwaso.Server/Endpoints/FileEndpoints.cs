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
            .ProducesProblem(404).ProducesProblem(503);

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
        response.ContentLength = file.Length;
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await file.CopyToAsync(response.Body, context.RequestAborted);
        parts.Meters.Bytes("sent", file.Length);
    }
}
