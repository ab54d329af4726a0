using System.Text;
using Hwaso.Server.Operation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;

namespace Hwaso.Server.Tests;

/// <summary>Metrics, the document of the interface, and its page.</summary>
[Collection(SharedServer.Name)]
public sealed class OperationTests(SharedServer shared)
{
    readonly TestServer server = shared.Server;

    [Fact]
    public async Task Metrics_arrive_by_OTLP()
    {
        var arrived = new TaskCompletionSource<string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var collector = builder.Build();
        collector.MapPost("/v1/metrics", async context =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            context.Response.ContentType = "application/x-protobuf";
            arrived.TrySetResult(Encoding.UTF8.GetString(body.ToArray()));
        });
        await collector.StartAsync();
        await using (var sending = await TestServer.StartAsync(s => s with { Otlp = new Uri(collector.Urls.Single()) }))
            Assert.Equal(200, (int)(await sending.Post("/v1/models/street/segment", TestServer.Picture(8, 8), "image/png")).StatusCode);

        // What was measured is sent each minute, and at the end.
        var sent = await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));

        foreach (var wanted in new[] { "service.name", "hwaso", "hwaso.request.phase.duration", "hwaso.process.memory", "street" })
            Assert.Contains(wanted, sent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://there:4317", OtlpExportProtocol.Grpc, "http://there:4317/")]
    [InlineData("http://there:4318", OtlpExportProtocol.HttpProtobuf, "http://there:4318/v1/metrics")]
    [InlineData("https://there/otlp/v1/metrics", OtlpExportProtocol.HttpProtobuf, "https://there/otlp/v1/metrics")]
    public void A_collector_is_spoken_to_as_its_port_says(string address, OtlpExportProtocol protocol, string target) =>
        Assert.Equal((protocol, new Uri(target)), Observation.Target(new Uri(address), OtlpExportProtocol.Grpc));

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
        foreach (var path in new[] { "/v2", "/v2/health/ready", "/v2/models/{model}/infer", "/v2/repository/index", "/v1/models" })
            Assert.True(document.GetProperty("paths").TryGetProperty(path, out _), path);
        foreach (var path in document.GetProperty("paths").EnumerateObject())
            Assert.All(path.Value.EnumerateObject(), o => Assert.True(o.Value.TryGetProperty("summary", out _), $"{o.Name} {path.Name}"));
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
        foreach (var path in new[] { "/docs/", "/openapi/v1.json", "/metrics" })
            Assert.Equal(200, (int)(await server.Send(HttpMethod.Head, path, null)).StatusCode);
        Assert.Contains("script-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }
}
