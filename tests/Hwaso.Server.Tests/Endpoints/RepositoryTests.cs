using System.Text.Json;
using Hwaso.Runtime.Tests;

namespace Hwaso.Server.Tests.Endpoints;

/// <summary>Keys, loading, statistics.</summary>
public sealed class RepositoryTests
{
    const string Key = "a-key";

    static readonly (string Name, string Value) key = ("Authorization", $"Bearer {Key}");

    [Fact]
    public async Task Models_are_unloaded_and_loaded_with_a_key_and_the_server_is_ready_meanwhile_or_not()
    {
        await using var server = await TestServer.StartAsync(s => s with { Keys = ["other", Key] });

        Assert.Equal(401, await Status(server.Post("/v2/repository/models/street/unload", [])));
        Assert.Equal(200, await Status(server.Post("/v2/repository/models/street/unload", [], null, key)));
        Assert.Equal("UNAVAILABLE", (await Index(server))[0].GetProperty("state").GetString());
        Assert.Equal(503, await Status(server.Get("/v2/health/ready")));
        Assert.Equal(503, await Status(server.Get("/v2/models/street/ready", key)));
        Assert.Equal(503, await Status(server.Post("/v1/models/street/segment", TestServer.Picture(16, 16), "image/png", key)));
        Assert.Equal("[]", (await Index(server, "{\"ready\": true}")).GetRawText());

        Assert.Equal(200, await Status(server.Post("/v2/repository/models/street/load", "{}"u8.ToArray(), null, key)));
        Assert.Equal("READY", (await Index(server))[0].GetProperty("state").GetString());
        Assert.Equal(200, await Status(server.Get("/v2/health/ready")));
        Assert.Equal(404, await Status(server.Post("/v2/repository/models/..%2Fstreet/load", [], null, key)));
        Assert.Equal(400, await Status(server.Post("/v2/repository/models/street/load",
            "{\"parameters\": {\"file:1/model.onnx\": \"AAAA\"}}"u8.ToArray(), null, key)));
    }

    [Fact]
    public async Task A_file_that_is_replaced_by_a_damaged_one_leaves_the_old_network_serving()
    {
        await using var server = await TestServer.StartAsync(s => s with { Keys = [Key] });
        await File.WriteAllTextAsync(Path.Combine(server.Folder, "street.onnx"), "damaged");

        var answer = await server.Post("/v2/repository/models/street/load", [], null, key);

        Assert.Equal(503, (int)answer.StatusCode);
        Assert.DoesNotContain(server.Folder, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(200, await Status(server.Post("/v1/models/street/segment", TestServer.Picture(16, 16), "image/png", key)));
        File.Delete(Path.Combine(server.Folder, "street.onnx"));
        Assert.Equal(200, await Status(server.Post("/v1/models/street/segment", TestServer.Picture(16, 16), "image/png", key)));
    }

    [Fact]
    public async Task Without_a_key_nothing_but_health_is_answered()
    {
        await using var server = await TestServer.StartAsync(s => s with { Keys = [Key] });

        Assert.Equal(200, await Status(server.Get("/v2/health/live")));
        Assert.Equal(200, await Status(server.Get("/v2/health/ready")));
        foreach (var path in new[] { "/v2", "/v1/models", "/v2/models/street", "/metrics", "/nothing" })
        {
            var answer = await server.Get(path);
            Assert.Equal(401, (int)answer.StatusCode);
            Assert.StartsWith("Bearer", answer.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
        }
        Assert.Equal(401, await Status(server.Get("/v2", ("Authorization", "Bearer a-ke"))));
        Assert.Equal(401, await Status(server.Get($"/v2?key={Key}")));
        Assert.Equal(200, await Status(server.Get("/v2", ("X-API-Key", Key))));
        Assert.Equal(200, await Status(server.Get("/v2", key)));
    }

    [Fact]
    public async Task A_key_has_its_own_limit_of_requests()
    {
        await using var server = await TestServer.StartAsync(s => s with { Keys = [Key, "other"], RequestsPerMinute = 2 });
        Assert.Equal(200, await Status(server.Get("/v2", key)));
        Assert.Equal(200, await Status(server.Get("/v2", key)));

        var refused = await server.Get("/v2", key);

        Assert.Equal(429, (int)refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(200, await Status(server.Get("/v2", ("X-API-Key", "other"))));
        Assert.Equal(200, await Status(server.Get("/v2/health/ready", key)));
    }

    [Fact]
    public async Task Only_origins_that_are_named_get_headers_of_CORS()
    {
        await using var server = await TestServer.StartAsync(s => s with { Origins = ["http://page.example"] });

        var named = await server.Get("/v2", ("Origin", "http://page.example"));
        var other = await server.Get("/v2", ("Origin", "http://evil.example"));
        var before = await server.Send(HttpMethod.Options, "/v2/models/street/infer", null,
            ("Origin", "http://page.example"), ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type"));

        Assert.Equal("http://page.example", named.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.All([named, other], a => Assert.Contains("Origin", a.Headers.Vary));
        Assert.Equal(204, (int)before.StatusCode);
    }

    [Fact]
    public async Task Statistics_count_inferences_that_succeed_and_fail()
    {
        await using var server = await TestServer.StartAsync();
        for (var k = 0; k < 3; k++)
            Assert.Equal(200, await Status(server.Post("/v1/models/street/segment", TestServer.Picture(16, 16), "image/png")));
        Assert.Equal(422, await Status(server.Post("/v1/models/street/segment", TestServer.Picture(16, 16)[..60], "image/png")));
        Assert.Equal(400, await Status(server.PostJson("/v2/models/street/infer", "{}")));

        foreach (var path in new[] { "/v2/models/stats", "/v2/models/street/stats", "/v2/models/street/versions/1/stats" })
        {
            var stats = (await (await server.Get(path)).Json()).GetProperty("model_stats")[0];
            Assert.Equal("street", stats.GetProperty("name").GetString());
            Assert.Equal(3, stats.GetProperty("inference_count").GetInt64());
            Assert.Equal(3, stats.GetProperty("execution_count").GetInt64());
            Assert.Equal(3, stats.GetProperty("inference_stats").GetProperty("success").GetProperty("count").GetInt64());
            Assert.Equal(2, stats.GetProperty("inference_stats").GetProperty("fail").GetProperty("count").GetInt64());
            Assert.True(stats.GetProperty("inference_stats").GetProperty("compute_infer").GetProperty("ns").GetInt64() > 0);
        }
    }

    [Fact]
    public async Task Without_keys_nobody_changes_the_models()
    {
        await using var server = await TestServer.StartAsync();

        Assert.Equal(403, await Status(server.Post("/v2/repository/models/street/unload", [])));
        Assert.Equal(200, await Status(server.Get("/v2/health/ready")));
    }

    [Fact]
    public async Task A_server_without_models_lives_and_is_not_ready()
    {
        await using var server = await TestServer.StartAsync(s => s with { Models = [] });

        Assert.Equal(200, await Status(server.Get("/v2/health/live")));
        Assert.Equal(503, await Status(server.Get("/v2/health/ready")));
        Assert.Equal("[]", (await (await server.Get("/v2/models")).Json()).GetProperty("models").GetRawText());
    }

    [Fact]
    public async Task One_channel_is_decided_by_the_threshold_of_the_request()
    {
        await using var server = await TestServer.StartAsync(file: OneChannelModel.File());
        var picture = TestServer.Picture(32, 24);
        double? last = null;
        foreach (var threshold in new[] { "0.1", "0.5", "0.9" })
        {
            var json = await (await server.Post($"/v1/models/street/segment?as=json&threshold={threshold}", picture, "image/png")).Json();
            var share = json.GetProperty("classes").EnumerateArray().Where(c => c.GetProperty("class").GetInt32() == 1)
                .Sum(c => c.GetProperty("share").GetDouble());
            Assert.True(last is null || share <= last);
            last = share;
            if (threshold == "0.5")
            {
                var usual = await (await server.Post("/v1/models/street/segment?as=json", picture, "image/png")).Json();
                Assert.Equal(json.GetProperty("runs").GetRawText(), usual.GetProperty("runs").GetRawText());
            }
        }
        Assert.NotEqual(1, last);
        await using var classes = await TestServer.StartAsync();
        Assert.Equal(422, await Status(classes.Post("/v1/models/street/segment?threshold=0.5", picture, "image/png")));
    }

    [Fact]
    public async Task The_list_of_models_says_where_images_go()
    {
        await using var server = await TestServer.StartAsync();

        var model = (await (await server.Get("/v1/models")).Json()).GetProperty("models")[0];

        Assert.Equal("/v1/models/street/segment", model.GetProperty("address").GetString());
        Assert.Equal(StreetModel.Classes, model.GetProperty("classes").GetArrayLength());
        Assert.Equal(422, await Status(server.Post("/v1/models/street/poses", TestServer.Picture(16, 16), "image/png")));
        Assert.Equal(422, await Status(server.Post("/v1/models/street/explain?x=1&y=1", TestServer.Picture(16, 16), "image/png")));
    }

    static async Task<JsonElement> Index(TestServer server, string body = "") =>
        await (await server.Post("/v2/repository/index", System.Text.Encoding.UTF8.GetBytes(body), null, key)).Json();

    static async Task<int> Status(Task<HttpResponseMessage> answer) => (int)(await answer).StatusCode;
}
