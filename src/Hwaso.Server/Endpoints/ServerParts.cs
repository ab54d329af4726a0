using System.Net;
using Hwaso.Server.DataSets;
using Hwaso.Server.Http;
using Hwaso.Server.Runs;
using Hwaso.Server.Serving;
using Hwaso.Server.Settings;
using Microsoft.AspNetCore.Http;

namespace Hwaso.Server.Endpoints;

/// <summary>What the endpoints share.</summary>
sealed class ServerParts : IDisposable
{
    readonly CancellationTokenSource ending = new();

    public ServerParts() => Ending = ending.Token;

    public required ServerSettings Settings { get; init; }

    public required ModelStore Models { get; init; }

    public required RunQueue Queue { get; init; }

    public required BodyReader Bodies { get; init; }

    public required ServerMeters Meters { get; init; }

    public required RunStore Runs { get; init; }

    public required TrainingQueue Trainings { get; init; }

    /// <summary>The data set; null where the server shows none.</summary>
    public required DataFolder? Data { get; init; }

    /// <summary>Whether the server was asked to end: it finishes what it accepted and refuses what is new.</summary>
    public bool Ends => Ending.IsCancellationRequested;

    /// <summary>Cancelled when the server is asked to end: streams, which have no end of their own, end by it.</summary>
    public CancellationToken Ending { get; }

    /// <summary>Asks the server to end.</summary>
    public void End() => ending.Cancel();

    /// <summary>The answer to new work of a server that ends.</summary>
    public static RequestFailure EndingFailure => new RequestFailure(503, "the server is ending; ask another").With("Connection", "close");

    /// <summary>A token that a request's work ends by: the client leaves, or the time limit passes.</summary>
    public RequestTime Begin(HttpContext context)
    {
        if (Ends)
            throw EndingFailure;
        return new RequestTime(TimeSpan.FromSeconds(Settings.TimeLimitSeconds), context.RequestAborted);
    }

    /// <summary>
    /// Refuses a change by somebody who may only look: a change needs a key of the server's, or, where it has none, to come from this
    /// machine and not from another site's page.
    /// </summary>
    /// <param name="context">The request; its key was checked before.</param>
    /// <param name="what">What would be changed, such as "labels".</param>
    /// <exception cref="RequestFailure">It may not (403), or the server ends (503).</exception>
    public void RequireOwner(HttpContext context, string what)
    {
        if (Ends)
            throw EndingFailure;
        var request = context.Request;
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is "cross-site" or "same-site" && !Settings.Origins.Contains(request.Headers.Origin.ToString()))
            throw new RequestFailure(403, $"a page of another site sent this request; it may not change {what}");
        if (Settings.Keys.Count > 0)
            return;
        // A proxy on this machine speaks for strangers.
        var isForwarded = request.Headers.ContainsKey("Forwarded") || request.Headers.ContainsKey("X-Forwarded-For");
        if (isForwarded || context.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address))
            throw new RequestFailure(403, $"this server has no keys, so only its own machine may change {what}; start it with --keys FILE, "
                + "and send a key");
    }

    public void Dispose() => ending.Dispose();
}

/// <summary>The time that a request has.</summary>
sealed class RequestTime : IDisposable
{
    readonly CancellationTokenSource source;
    readonly CancellationToken client;
    readonly TimeSpan limit;

    public RequestTime(TimeSpan limit, CancellationToken client)
    {
        (this.client, this.limit) = (client, limit);
        source = CancellationTokenSource.CreateLinkedTokenSource(client);
        source.CancelAfter(limit);
    }

    public CancellationToken Stop => source.Token;

    /// <summary>Runs a request's work, counting it if it fails.</summary>
    /// <exception cref="RequestFailure">The time limit passed (504).</exception>
    public async Task RunAsync(ModelStatistics statistics, Func<Task> work)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (source.IsCancellationRequested)
        {
            statistics.Fail(System.Diagnostics.Stopwatch.GetElapsedTime(began), client.IsCancellationRequested ? "canceled" : "timeout");
            if (client.IsCancellationRequested)
                throw;
            throw new RequestFailure(504, $"the request took longer than {limit.TotalSeconds} s; send a smaller one, or start the server "
                + "with a larger --time-limit");
        }
        catch (RequestFailure failure) when (failure.Status == 429)
        {
            // The queue has counted it.
            throw;
        }
        catch (Exception)
        {
            statistics.Fail(System.Diagnostics.Stopwatch.GetElapsedTime(began), "failed");
            throw;
        }
    }

    public void Dispose() => source.Dispose();
}
