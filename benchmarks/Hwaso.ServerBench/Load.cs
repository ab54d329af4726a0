using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Hwaso.ServerBench;

/// <summary>Sends images to a server and keeps what came back.</summary>
sealed class Load : IDisposable
{
    // More requests in flight than this mean that the server does not answer: the load is bounded, however slow it is.
    const int MostInFlight = 512;

    readonly HttpClient client;
    readonly IReadOnlyList<byte[]> images;

    public Load(ServerProcess server, IReadOnlyList<byte[]> images)
    {
        this.images = images;
        client = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = MostInFlight })
        {
            BaseAddress = server.Address,
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    /// <summary>Sends one image; its time counts from <paramref name="due"/>, or from now.</summary>
    public async Task<Answer> Send(int image, long? due = null)
    {
        var began = due ?? Stopwatch.GetTimestamp();
        using var content = new ByteArrayContent(images[image % images.Count]);
        content.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        try
        {
            using var answer = await client.PostAsync(new Uri("/v1/models/network/segment", UriKind.Relative), content);
            var body = await answer.Content.ReadAsByteArrayAsync();
            return new Answer(image % images.Count, answer.StatusCode, Stopwatch.GetElapsedTime(began).TotalMilliseconds, body);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return new Answer(image % images.Count, null, Stopwatch.GetElapsedTime(began).TotalMilliseconds, []);
        }
    }

    /// <summary>Sends again as soon as an answer came, several at once, for some seconds or some requests.</summary>
    public async Task<IReadOnlyList<Answer>> Closed(int inFlight, double seconds = double.PositiveInfinity, int most = int.MaxValue)
    {
        var answers = new ConcurrentBag<Answer>();
        var (began, next) = (Stopwatch.GetTimestamp(), -1);
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds && Interlocked.Increment(ref next) is var k && k < most)
                answers.Add(await Send(k));
        }));
        return [.. answers];
    }

    /// <summary>
    /// Sends at random times of a mean rate, whatever comes back (an open loop): the time of an answer counts from when its request was
    /// due, so that a server that stalls is not spared the requests of that time.
    /// </summary>
    /// <param name="rate">Requests a second.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="seed">Of the times.</param>
    public async Task<IReadOnlyList<Answer>> Open(double rate, double seconds, int seed)
    {
        var random = new Random(seed);
        var sent = new List<Task<Answer>>();
        var (began, at, inFlight) = (Stopwatch.GetTimestamp(), 0.0, 0);
        for (var k = 0; (at -= Math.Log(1 - random.NextDouble()) / rate) < seconds; k++)
        {
            var due = began + (long)(at * Stopwatch.Frequency);
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } wait)
                await Task.Delay(wait);
            if (Volatile.Read(ref inFlight) >= MostInFlight)
            {
                sent.Add(Task.FromResult(new Answer(k % images.Count, null, double.PositiveInfinity, [])));
                continue;
            }
            Interlocked.Increment(ref inFlight);
            sent.Add(Counted(k, due));
        }
        return await Task.WhenAll(sent);

        async Task<Answer> Counted(int k, long due)
        {
            var answer = await Task.Run(() => Send(k, due));
            Interlocked.Decrement(ref inFlight);
            return answer;
        }
    }

    /// <summary>A document of the server.</summary>
    public Task<string> Text(string path) => client.GetStringAsync(new Uri(path, UriKind.Relative));

    public void Dispose() => client.Dispose();
}

/// <summary>What came back for an image.</summary>
/// <param name="Image">Which image.</param>
/// <param name="Status">The status; null where the connection ended without one.</param>
/// <param name="Ms">Until the whole answer was there.</param>
/// <param name="Body">The answer.</param>
sealed record Answer(int Image, HttpStatusCode? Status, double Ms, byte[] Body)
{
    public bool IsAccepted => Status == HttpStatusCode.OK;

    public bool IsRefused => Status == HttpStatusCode.TooManyRequests;
}
