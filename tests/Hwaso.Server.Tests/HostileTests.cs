using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Hwaso.Imaging;
using Hwaso.Server.Settings;
using Hwaso.Server.Tests.DataSets;
using Hwaso.Server.Tests.Runs;

namespace Hwaso.Server.Tests;

/// <summary>
/// Requests that are cut, stretched and changed at random, to every address: none gets a 500, nothing grows, and the server answers
/// afterwards as before. `make hostile` sends 20,000 (HWASO_HOSTILE sets the number, HWASO_SEED the seed).
/// </summary>
public sealed class HostileTests : IAsyncLifetime
{
    // Heaps breathe, and a connection that the other side has closed is closed here a moment later.
    const long MostGrowthBytes = 24 << 20;
    const int MostGrowthFiles = 24;

    static readonly string[] addresses =
    [
        "GET /v2/models/street", "POST /v2/models/street/infer", "POST /v1/models/street/segment", "GET /v1/models?load=true",
        "POST /v1/models/street/segment?as=geojson", "POST /v1/models/street/segment?as=geojson&simplify=2",
        "POST /v1/models/street/segment?as=probability", "PUT /v1/models/street/segment?as=overlay&opacity=0.5",
        "POST /v1/models/street/poses?box=1,1,4,4", "POST /v1/models/street/boxes?score=0.5", "POST /v1/models/street/depth?as=png",
        "POST /v1/models/street/explain?x=1&y=1", "POST /v1/png", "POST /v2/repository/index", "POST /v2/repository/models/street/unload",
        "POST /v1/models/..%2F../segment", "GET /v1/models/street/file", "GET /v1/models/ended?load=true", "GET /v1/runs",
        "GET /v1/runs/ended", "GET /v1/runs/ended/events", "GET /v1/runs/ended/pictures/worst-1-image?step=12", "GET /v1/runs/..%2Fended",
        "GET /v1/comparison?run=ended&run=stopped", "GET /v1/recipes/small", "GET /v1/recipes/..%2F..%2Fetc%2Fpasswd",
        "GET /v1/recipe-keys?lang=ko", "POST /v1/runs", "POST /v1/runs/stopped/resume", "POST /v1/runs/stopped/stop", "GET /v1/data",
        "GET /v1/data/images?split=train&class=1&order=suspicious&offset=0&limit=10", "GET /v1/data/images?run=ended&order=wrong",
        "GET /v1/data/images/train/a", "GET /v1/data/images/train/a/image?size=16", "GET /v1/data/images/train/a/overlay?opacity=0.5",
        "GET /v1/data/images/train/a/label?version=original", "PUT /v1/data/images/train/a/label", "PUT /v1/data/images/val/d/label",
        "GET /v1/data/images/train/..%2F..%2Fdataset/image", "GET /metrics", "GET /openapi/v1.json", "GET /docs/",
    ];

    static readonly string[] fields =
    [
        "Content-Type: image/png", "Content-Type: application/json", "Content-Type: multipart/form-data; boundary=b",
        "Content-Encoding: gzip", "Content-Encoding: deflate", "Accept: image/*;q=0.1, */*;q=0", "Accept: ;;;",
        "Accept-Encoding: br, gzip;q=0", "Inference-Header-Content-Length: 150", "Inference-Header-Content-Length: 99999999999",
        "Transfer-Encoding: chunked", "Expect: 100-continue", "Sec-Fetch-Site: cross-site", "If-Match: *", "If-Match: \"0\"",
        "If-None-Match: *", "Last-Event-ID: 99999999999999999999", "Last-Event-ID: -1", "Range: bytes=0-4,9-", "X-Forwarded-For: 1.2.3.4",
    ];

    static readonly byte[][] bodies =
    [
        TestServer.Picture(24, 16),
        Encoding.UTF8.GetBytes("""
            {"inputs": [{"name": "image", "shape": [1, 3, 4, 4], "datatype": "FP32", "data": [
            """ + string.Join(", ", Enumerable.Repeat("0.5", 48)) + "]}]}"),
        [
            .. "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\n"u8,
            .. TestServer.Picture(8, 8), .. "\r\n--b--"u8,
        ],
        Png.EncodeIndexed(SmallSet.Labels(p => p % 3), SmallSet.Palette),
        """{"recipe": "small", "name": "n", "settings": {"train.epochs": 3, "seed": "5"}}"""u8.ToArray(),
        """{"text": "name: x\nmodel: {family: hrnetv2}\n", "name": "..", "settings": {}}"""u8.ToArray(),
        """{"ready": true, "parameters": {"config": "{}", "file:1/model.onnx": "AAAA"}}"""u8.ToArray(),
        [],
    ];

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-hostile").FullName;
    readonly string data = SmallSet.Write();
    TestServer server = null!;

    public async Task InitializeAsync()
    {
        var runs = Path.Combine(folder, "runs");
        RunFiles.Pictures(RunFiles.Write(runs, "ended", 12, "finished in 9 s, best mIoU 0.8000 after epoch 4"), 12, ("a", 0.25));
        RunFiles.Write(runs, "stopped", 7, "stopped after step 7; --resume continues there");
        var recipe = Path.Combine(folder, "small.yaml");
        await File.WriteAllTextAsync(recipe, RunFiles.RecipeText);
        server = await TestServer.StartAsync(s => s with
        {
            MaxPixels = 4_000_000,
            MaxBytes = 1 << 20,
            Runs = runs,
            Data = data,
            // A training that ends at once.
            Training = new TrainingCommand(["true"], new Dictionary<string, string> { ["small"] = recipe }),
        });
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Hostile_requests_get_no_500_nothing_grows_and_the_server_lives()
    {
        var (count, seed) = (Number("HWASO_HOSTILE", 250), Number("HWASO_SEED", 7));
        var random = new Random(seed);
        (long Bytes, int Files) quarter = default;
        for (var k = 0; k < count; k++)
        {
            if (k == count / 4)
                quarter = await Held();
            var request = Request(random);

            var status = await Send(request);

            Assert.True(status is null or (< 500 and >= 100) or 503 or 505,
                $"seed {seed}, request {k}: status {status} for\n{Encoding.Latin1.GetString(request)}");
        }
        var answer = await server.Post("/v1/models/street/segment", bodies[0], "image/png");
        Assert.Equal(200, (int)answer.StatusCode);
        var end = await Held();
        Assert.Equal(0, server.Server.Busy);
        var grown = $"seed {seed}: {quarter} bytes and open files after a quarter, {end} at the end";
        Assert.True(end.Bytes - quarter.Bytes < MostGrowthBytes && end.Files - quarter.Files < MostGrowthFiles, grown);
    }

    static byte[] Request(Random random)
    {
        var body = Changed(bodies[random.Next(bodies.Length)], random);
        var address = addresses[random.Next(addresses.Length)];
        if (random.Next(6) == 0)
            address = Encoding.Latin1.GetString(Changed(Encoding.ASCII.GetBytes(address), random)).Replace('\n', '%');
        var head = new StringBuilder(address).Append(" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
        for (var f = random.Next(4); f > 0; f--)
            head.Append(fields[random.Next(fields.Length)]).Append("\r\n");
        if (random.Next(8) > 0)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {Math.Max(0, body.Length - (random.Next(10) == 0 ? 5 : 0))}\r\n");
        byte[] request = [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body];
        return random.Next(10) == 0 ? Changed(request, random) : request;
    }

    /// <summary>Bytes of the managed heap and open files, once no request is on its way out any more.</summary>
    async Task<(long Bytes, int Files)> Held()
    {
        for (var began = Stopwatch.GetTimestamp(); server.Server.Busy > 0 && Stopwatch.GetElapsedTime(began).TotalSeconds < 10;)
            await Task.Delay(10);
        return (GC.GetTotalMemory(forceFullCollection: true), Directory.GetFiles("/proc/self/fd").Length);
    }

    /// <summary>The status of the answer; null where the server only closed the connection.</summary>
    async Task<int?> Send(byte[] request)
    {
        using var client = new TcpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await client.ConnectAsync("127.0.0.1", server.Client.BaseAddress!.Port, limit.Token);
        var stream = client.GetStream();
        var line = new byte[64];
        var count = 0;
        try
        {
            await stream.WriteAsync(request, limit.Token);
            // Half closed: a body that is shorter than it says ends here.
            client.Client.Shutdown(SocketShutdown.Send);
            for (int more; count < line.Length && (more = await stream.ReadAsync(line.AsMemory(count), limit.Token)) > 0;)
                count += more;
        }
        catch (IOException)
        {
            // The server closed it while the rest was being sent.
        }
        var text = Encoding.Latin1.GetString(line, 0, count);
        return text.Length > 12 && text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)
            ? int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture) : null;
    }

    static byte[] Changed(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return bytes;
        var result = (byte[])bytes.Clone();
        switch (random.Next(5))
        {
            case 0:
                return result[..random.Next(result.Length + 1)];
            case 1:
                for (var k = 1 + random.Next(6); k > 0; k--)
                    result[random.Next(result.Length)] = (byte)random.Next(256);
                return result;
            case 2:
                return [.. result, .. result];
            case 3:
                var at = random.Next(result.Length);
                return [.. result[..at], .. "[[{\"999999999999999999999\":"u8, .. result[at..]];
            default:
                return result;
        }
    }

    static int Number(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : usual;
}
