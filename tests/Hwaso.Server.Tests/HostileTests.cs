using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Hwaso.Server.Tests;

/// <summary>
/// Requests that are cut, stretched and changed at random: none gets a 500, and the server answers afterwards as before. `make hostile`
/// sends 20,000 (HWASO_HOSTILE sets the number, HWASO_SEED the seed).
/// </summary>
[Collection(SharedServer.Name)]
public sealed class HostileTests(SharedServer shared)
{
    static readonly string[] heads =
    [
        "GET /v2/models/street HTTP/1.1", "POST /v2/models/street/infer HTTP/1.1", "POST /v1/models/street/segment HTTP/1.1",
        "POST /v1/models/street/segment?as=geojson HTTP/1.1", "POST /v2/repository/index HTTP/1.1",
        "POST /v1/models/..%2F../segment HTTP/1.1",
    ];

    static readonly string[] fields =
    [
        "Content-Type: image/png", "Content-Type: multipart/form-data; boundary=b", "Content-Encoding: gzip", "Content-Encoding: deflate",
        "Accept: image/*;q=0.1, */*;q=0", "Inference-Header-Content-Length: 150", "Inference-Header-Content-Length: 99999999999",
        "Transfer-Encoding: chunked", "Expect: 100-continue", "Sec-Fetch-Site: cross-site", "Accept: ;;;",
    ];

    [Fact]
    public async Task Hostile_requests_get_no_500_and_the_server_lives()
    {
        var count = Number("HWASO_HOSTILE", 250);
        var seed = Number("HWASO_SEED", 7);
        var random = new Random(seed);
        byte[][] bodies =
        [
            TestServer.Picture(24, 16),
            Encoding.UTF8.GetBytes("""
                {"inputs": [{"name": "image", "shape": [1, 3, 4, 4], "datatype": "FP32", "data": [
                """ + string.Join(", ", Enumerable.Repeat("0.5", 48)) + "]}]}"),
            [
                .. "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\n"u8,
                .. TestServer.Picture(8, 8), .. "\r\n--b--"u8,
            ],
        ];
        for (var k = 0; k < count; k++)
        {
            var body = Changed(bodies[random.Next(bodies.Length)], random);
            var head = new StringBuilder(heads[random.Next(heads.Length)]).Append("\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
            for (var f = random.Next(3); f > 0; f--)
                head.Append(fields[random.Next(fields.Length)]).Append("\r\n");
            if (random.Next(8) > 0)
                head.Append(
                    CultureInfo.InvariantCulture, $"Content-Length: {Math.Max(0, body.Length - (random.Next(10) == 0 ? 5 : 0))}\r\n");
            byte[] request = [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body];
            if (random.Next(10) == 0)
                request = Changed(request, random);

            var status = await Send(request);

            Assert.True(status is null or (< 500 and >= 100) or 503 or 505,
                $"seed {seed}, request {k}: status {status} for\n{Encoding.Latin1.GetString(request)}");
        }
        var answer = await shared.Server.Post("/v1/models/street/segment", bodies[0], "image/png");
        Assert.Equal(200, (int)answer.StatusCode);
        // A request whose client has left may still be on its way out.
        for (var tries = 0; shared.Server.Server.Busy > 0 && tries < 1000; tries++)
            await Task.Delay(10);
        Assert.Equal(0, shared.Server.Server.Busy);
    }

    /// <summary>The status of the answer; null where the server only closed the connection.</summary>
    async Task<int?> Send(byte[] request)
    {
        using var client = new TcpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await client.ConnectAsync("127.0.0.1", shared.Server.Client.BaseAddress!.Port, limit.Token);
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
