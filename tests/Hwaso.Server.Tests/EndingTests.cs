using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Hwaso.Server.Tests;

/// <summary>Load and ending: nothing accepted is lost.</summary>
[Collection(SharedServer.Name)]
public sealed class EndingTests(SharedServer shared)
{
    [Fact]
    public async Task More_requests_than_places_are_answered_or_refused_and_none_is_lost()
    {
        await using var server = await TestServer.StartAsync(s => s with { Queue = 1 });
        var picture = TestServer.Picture(256, 256);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(
            _ => server.Post("/v1/models/street/segment", picture, "image/png")));

        Assert.All(answers, a => Assert.True((int)a.StatusCode is 200 or 429, $"{a.StatusCode}"));
        Assert.All(answers.Where(a => (int)a.StatusCode == 429), a => Assert.True(a.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1)));
        var bodies = await Task.WhenAll(answers.Where(a => (int)a.StatusCode == 200).Select(a => a.Bytes()));
        Assert.NotEmpty(bodies);
        Assert.All(bodies, b => Assert.Equal(bodies[0], b));
    }

    [Fact]
    public async Task Ending_says_not_ready_first_refuses_what_is_new_and_answers_what_was_accepted()
    {
        await using var server = await TestServer.StartAsync(s => s with { DrainSeconds = 0.3 });
        var picture = TestServer.Picture(512, 512);
        var accepted = server.Post("/v1/models/street/segment", picture, "image/png");
        var end = Stopwatch.GetTimestamp();
        while (server.Server.Busy == 0 && !accepted.IsCompleted && Stopwatch.GetElapsedTime(end).TotalSeconds < 10)
            await Task.Delay(1);

        var ending = server.Server.StopAsync();

        Assert.Equal(503, (int)(await server.Get("/v2/health/ready")).StatusCode);
        Assert.Equal(200, (int)(await server.Get("/v2/health/live")).StatusCode);
        Assert.Equal(503, (int)(await server.Post("/v1/models/street/segment", picture, "image/png")).StatusCode);
        Assert.Equal(200, (int)(await accepted).StatusCode);
        await ending;
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => server.Get("/v2/health/live"));
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_504_and_frees_its_place()
    {
        await using var server = await TestServer.StartAsync(s => s with { TimeLimitSeconds = 0.001 });

        var answer = await server.Post("/v1/models/street/segment", TestServer.Picture(512, 512), "image/png");

        Assert.Equal(504, (int)answer.StatusCode);
        var began = Stopwatch.GetTimestamp();
        while (server.Server.Busy > 0 && Stopwatch.GetElapsedTime(began).TotalSeconds < 10)
            await Task.Delay(1);
        Assert.Equal(0, server.Server.Busy);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("POST /v1/models/street/segment HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n80000000\r\nabc\r\n", 400)]
    [InlineData("POST /v1/models/street/segment HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400)]
    [InlineData("POST /v2/models/street/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("POST /v1/models/street/segment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n"
        + "Expect: 100-continue\r\n\r\n", 413)]
    [InlineData("GET /v2/models/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400)]
    [InlineData("BREW /v2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405)]
    public async Task A_broken_request_is_answered_by_its_own_status(string request, int status)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", shared.Server.Client.BaseAddress!.Port);
        var stream = client.GetStream();

        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));

        var buffer = new byte[4096];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var count = await stream.ReadAsync(buffer, limit.Token);
        Assert.StartsWith($"HTTP/1.1 {status}", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
    }
}
