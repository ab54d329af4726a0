namespace Hwaso.Server.Tests;

/// <summary>Metrics, the document of the interface, and its page.</summary>
[Collection(SharedServer.Name)]
public sealed class OperationTests(SharedServer shared)
{
    readonly TestServer server = shared.Server;

    [Fact]
    public async Task Metrics_count_requests_and_inferences()
    {
        Assert.Equal(200, (int)(await server.Post("/v1/models/street/segment", TestServer.Picture(16, 16), "image/png")).StatusCode);

        var answer = await server.Get("/metrics");

        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
        var text = await answer.Content.ReadAsStringAsync();
        foreach (var wanted in new[]
        {
            "http_server_request_duration_seconds_bucket", "http_route=\"/v1/models/{model}/segment\"", "hwaso_queue_requests",
            "hwaso_batch_size_bucket", "hwaso_request_phase_duration_seconds_bucket", "phase=\"run\"", "hwaso_inference_total",
            "outcome=\"success\"", "hwaso_request_bytes_total", "hwaso_process_memory_bytes",
        })
            Assert.Contains(wanted, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_document_has_the_addresses_with_their_bodies_and_statuses()
    {
        var document = await (await server.Get("/openapi/v1.json")).Json();

        var segment = document.GetProperty("paths").GetProperty("/v1/models/{model}/segment").GetProperty("post");
        Assert.True(segment.GetProperty("requestBody").GetProperty("content").TryGetProperty("image/png", out _));
        foreach (var status in new[] { "200", "413", "415", "422", "429" })
            Assert.True(segment.GetProperty("responses").TryGetProperty(status, out _), status);
        Assert.True(document.GetProperty("paths").TryGetProperty("/v2/models/{model}/infer", out _));
    }

    [Fact]
    public async Task The_page_loads_nothing_from_elsewhere()
    {
        var answer = await server.Get("/docs/");

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("src=\"http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("cdn.", page, StringComparison.Ordinal);
        Assert.Contains("script-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }
}
