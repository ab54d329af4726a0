using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Hwaso.Server.Settings;
using Microsoft.AspNetCore.Http;

namespace Hwaso.Server.Http;

/// <summary>
/// Asks for a key where the server has some, and limits the requests of each key, or of each address where there are none. Whether the
/// server lives and is ready needs no key, because what watches it has none.
/// </summary>
sealed class ApiKeys : IDisposable
{
    readonly RequestDelegate next;
    readonly byte[][] known;
    readonly PartitionedRateLimiter<string>? limiter;

    public ApiKeys(RequestDelegate next, ServerSettings settings)
    {
        this.next = next;
        known = [.. settings.Keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];
        if (settings.RequestsPerMinute > 0)
            limiter = PartitionedRateLimiter.Create<string, string>(who => RateLimitPartition.GetFixedWindowLimiter(
                who, _ => new FixedWindowRateLimiterOptions
                {
                    PermitLimit = settings.RequestsPerMinute,
                    Window = TimeSpan.FromMinutes(1),
                }));
    }

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/v2/health") || HttpMethods.IsOptions(context.Request.Method))
        {
            await next(context);
            return;
        }
        var who = known.Length > 0 ? Key(context.Request) : context.Connection.RemoteIpAddress?.ToString() ?? "";
        using var lease = limiter?.AttemptAcquire(who);
        if (lease is { IsAcquired: false })
        {
            var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time.TotalSeconds : 1;
            throw RequestFailure.Busy("more requests in a minute than one may send; send them later", wait);
        }
        await next(context);
    }

    public void Dispose() => limiter?.Dispose();

    /// <summary>The number of the key that a request carries.</summary>
    /// <exception cref="RequestFailure">It carries none, or one that is not known (401).</exception>
    string Key(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var authorization = request.Headers.Authorization.ToString();
        var given = authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim()
            : request.Headers["X-API-Key"].ToString();
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(given));
        // All keys are compared, each in constant time, so that the time of an answer says nothing about them.
        var found = -1;
        for (var k = 0; k < known.Length; k++)
            if (CryptographicOperations.FixedTimeEquals(hash, known[k]))
                found = k;
        return found >= 0 ? found.ToString(CultureInfo.InvariantCulture) : throw new RequestFailure(401, given.Length == 0
            ? "a key is wanted: send it as Authorization: Bearer KEY or X-API-Key: KEY" : "the key is not known here")
            .With("WWW-Authenticate", "Bearer realm=\"hwaso\"");
    }
}
