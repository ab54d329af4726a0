using System.Net;
using Hwaso.Server.Settings;
using Microsoft.AspNetCore.Http;

namespace Hwaso.Server.Http;

/// <summary>
/// Refuses what a page of another site may not do through a person's browser: names that lead here by DNS rebinding, and requests that
/// browsers send to other sites without asking first. Adds the headers that every answer has.
/// </summary>
sealed class Guard(RequestDelegate next, ServerSettings settings)
{
    /// <summary>The address of the page that tries the interface, which runs a script of its own package.</summary>
    public const string Page = "/docs";

    const string Nothing = "default-src 'none'; frame-ancestors 'none'";

    const string OfPage = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'";

    readonly HashSet<string> hosts = new(settings.Hosts, StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        AddHeaders(context);
        // Whether an answer has the headers of CORS depends on who asks; the framework says so for several origins alone.
        if (settings.Origins.Count == 1)
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.Append("Vary", "Origin");
                return Task.CompletedTask;
            });
        var request = context.Request;
        if (request.Host.HasValue && !IsKnown(request.Host.Host))
            throw RequestFailure.BadRequest(
                $"Host: {request.Host.Host} is no name of this server; call it by its address, or start it with --hosts NAME");
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && IsFromOtherSite(request))
            throw new RequestFailure(403, "a page of another site sent this request; it may not");
        return next(context);
    }

    /// <summary>Headers of every answer, failures included: nothing here is run as a page, framed or guessed.</summary>
    public static void AddHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(Page) ? OfPage : Nothing;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }

    // DNS rebinding needs a name: an address is what the person typed.
    bool IsKnown(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Trim('[', ']'), out _)
        || hosts.Contains(host);

    // A form, or fetch with one of the types that need no preflight. Preflights of other types are refused unless an origin is named.
    bool IsFromOtherSite(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] != "cross-site" || settings.Origins.Contains(request.Headers.Origin.ToString()))
            return false;
        var type = request.ContentType ?? "";
        return type.Length == 0 || type.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase)
            || type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
            || type.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase);
    }
}
