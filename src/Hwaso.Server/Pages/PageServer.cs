using Hwaso.Server.Http;
using Hwaso.Server.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;

namespace Hwaso.Server.Pages;

/// <summary>
/// Answers with the page's files, which need no key: they are the same for everybody, and a browser sends none when it opens an address.
/// </summary>
sealed class PageServer(RequestDelegate next, ServerSettings settings)
{
    // Scripts and styles of this server alone; WebAssembly is compiled; images may come from memory.
    const string Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
        + "media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'";

    readonly PageFiles files = new(settings.Page ?? Path.Combine(AppContext.BaseDirectory, "page"));

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            return next(context);
        if (files.Find(request.Path.Value) is { } file)
            return Send(context, file);
        return request.Path == "/" && !files.Exist && WantsHtml(request) ? SendMissing(context) : next(context);
    }

    static async Task Send(HttpContext context, PageFile file)
    {
        var (request, response) = (context.Request, context.Response);
        AddHeaders(response);
        response.Headers.CacheControl = file.IsHashed ? "public, max-age=31536000, immutable" : "no-cache";
        var isPacked = file.PackedPath is not null && TakesGzip(request);
        // A strong tag names one sequence of bytes.
        var tag = isPacked ? $"{file.Tag[..^1]}-gzip\"" : file.Tag;
        response.Headers.ETag = tag;
        if (file.PackedPath is not null)
            response.Headers.Vary = "Accept-Encoding";
        if (new RequestHeaders(request.Headers).IfNoneMatch.Any(known => known.Tag == "*" || known.Tag == tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = file.MediaType;
        if (isPacked)
            response.Headers.ContentEncoding = "gzip";
        var path = isPacked ? file.PackedPath! : file.Path;
        response.ContentLength = new FileInfo(path).Length;
        if (!HttpMethods.IsHead(request.Method))
            await response.SendFileAsync(path, context.RequestAborted);
    }

    static Task SendMissing(HttpContext context)
    {
        AddHeaders(context.Response);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/html; charset=utf-8";
        return Json.WriteAsync(context, """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Hwaso</title>
            <h1>The page is not built</h1>
            <p>The server runs and answers requests. To build its page, run <code>make page</code> in the checkout, which needs
            Node.js 20.19 or later, and start the server again with <code>./hwaso serve</code>.</p>
            <p lang="ko">서버는 실행 중이며 요청에 응답합니다. 페이지를 만들려면 체크아웃에서 <code>make page</code>를 실행하고(Node.js 20.19 이상 필요)
            <code>./hwaso serve</code>로 서버를 다시 시작하세요.</p>
            <p><a href="docs/">API</a></p>
            </html>
            """u8.ToArray());
    }

    // The two of the middle let threads of WebAssembly share memory.
    static void AddHeaders(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Embedder-Policy"] = "require-corp";
        response.Headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()";
    }

    static bool TakesGzip(HttpRequest request) => new RequestHeaders(request.Headers).AcceptEncoding.Any(
        coding => coding.Quality is not 0 && (coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) || coding.Value == "*"));

    static bool WantsHtml(HttpRequest request) =>
        new RequestHeaders(request.Headers).Accept.Any(type => type.MediaType == "text/html" && type.Quality is not 0);
}
