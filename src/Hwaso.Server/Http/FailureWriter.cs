using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Hwaso.Server.Http;

/// <summary>
/// Turns every failure into an answer with a body: of the Open Inference Protocol <c>{"error": …}</c>, elsewhere a problem document
/// (RFC 9457), whatever the request accepts.
/// </summary>
sealed partial class FailureWriter(RequestDelegate next, ILoggerFactory logs)
{
    readonly ILogger log = logs.CreateLogger("hwaso");

    // Of nginx: the client closed the connection before the answer. Nobody receives it; logs and metrics do.
    const int ClientLeft = 499;

    public async Task InvokeAsync(HttpContext context)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null })
                await Write(context, new RequestFailure(context.Response.StatusCode, Usual(context)));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // What was sent already has its status.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = ClientLeft;
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            await Write(context, Of(error, context));
        }
        // The answer cannot change any more; cut off, it is not taken for whole.
#pragma warning disable CA1031
        catch (Exception error)
#pragma warning restore CA1031
        {
            _ = Of(error, context);
            context.Abort();
        }
        finally
        {
            // The route's pattern: a path is a stranger's text.
            Answered(log, context.Request.Method, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "-",
                context.Response.StatusCode, System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalMilliseconds,
                context.Response.ContentLength ?? 0);
        }
    }

    /// <summary>The status phrase of RFC 9110, which titles a problem that needs no name of its own.</summary>
    public static string Phrase(int status) => status switch
    {
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        _ => ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase ? phrase : "Error",
    };

    RequestFailure Of(Exception error, HttpContext context)
    {
        switch (error)
        {
            case RequestFailure failure:
                return failure;
            case BadHttpRequestException bad:
                return new RequestFailure(bad.StatusCode, bad.Message);
            case IOException or UnauthorizedAccessException:
                Failed(log, context.Request.Method, context.Request.Path, error);
                return new RequestFailure(503, "a file of the server cannot be read or written now; its log says which").With(
                    "Retry-After", "1");
            case OperationCanceledException:
                return new RequestFailure(504, "the request took longer than the server allows; send a smaller one, or start the server "
                    + "with a larger --time-limit");
            case OutOfMemoryException:
                return new RequestFailure(503, "the machine has too little memory for this request now; send it again, or a smaller one");
            default:
                Failed(log, context.Request.Method, context.Request.Path, error);
                return new RequestFailure(500, "the server failed; its log says why");
        }
    }

    static async Task Write(HttpContext context, RequestFailure failure)
    {
        var response = context.Response;
        var (allow, vary) = (response.Headers.Allow, response.Headers.Vary);
        response.Clear();
        response.StatusCode = failure.Status;
        if (allow.Count > 0)
            response.Headers.Allow = allow;
        if (vary.Count > 0)
            response.Headers.Vary = vary;
        foreach (var (name, value) in failure.Headers)
            response.Headers[name] = value;
        response.Headers.CacheControl = "no-store";
        Guard.AddHeaders(context);
        var protocol = context.Request.Path.StartsWithSegments("/v2");
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Json.Plain))
        {
            json.WriteStartObject();
            if (protocol)
            {
                json.WriteString("error", failure.Message);
            }
            else
            {
                json.WriteString("title", Phrase(failure.Status));
                json.WriteNumber("status", failure.Status);
                json.WriteString("detail", failure.Message);
                json.WriteString("instance", context.Request.PathBase.Add(context.Request.Path).ToUriComponent());
            }
            json.WriteEndObject();
        }
        response.ContentType = protocol ? "application/json" : "application/problem+json";
        response.ContentLength = buffer.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), context.RequestAborted);
    }

    static string Usual(HttpContext context) => context.Response.StatusCode switch
    {
        404 => $"there is nothing at {context.Request.Path}; GET /v2 says what this server is, GET /v2/models lists its models",
        405 => $"{context.Request.Method} is no method of {context.Request.Path}; use {context.Response.Headers.Allow}",
        var status => Phrase(status),
    };

    [LoggerMessage(1, LogLevel.Information, "{Method} {Route} {Status} {Milliseconds:0.0} ms {Bytes} bytes")]
    static partial void Answered(ILogger log, string method, string route, int status, double milliseconds, long bytes);

    [LoggerMessage(2, LogLevel.Error, "{Method} {Path} failed")]
    static partial void Failed(ILogger log, string method, string path, Exception error);
}
