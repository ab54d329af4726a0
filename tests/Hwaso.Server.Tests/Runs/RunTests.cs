using System.Text;
using System.Text.Json;

namespace Hwaso.Server.Tests.Runs;

/// <summary>The runs as the server shows them, and their events.</summary>
public sealed class RunTests(RunServer shared) : IClassFixture<RunServer>
{
    readonly string root = shared.Root;
    readonly TestServer server = shared.Server;

    [Fact]
    public async Task Every_run_is_listed_with_its_state_progress_and_score()
    {
        var runs = (await (await server.Get("/v1/runs")).Json()).GetProperty("runs").EnumerateArray()
            .ToDictionary(r => r.GetProperty("name").GetString()!);

        Assert.Equal(["ended", "failed", "killed", "stopped", "training"], runs.Keys);
        Assert.Equal(["ended", "failed", "failed", "stopped", "training"], runs.Values.Select(r => r.GetProperty("state").GetString()));
        Assert.Equal("segmentation", runs["ended"].GetProperty("task").GetString());
        Assert.Equal(0.8, runs["ended"].GetProperty("scores").GetProperty("miou").GetDouble());
        Assert.Contains("NaN", runs["failed"].GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Contains("resume", runs["killed"].GetProperty("problem").GetString(), StringComparison.Ordinal);
        var training = runs["training"];
        Assert.Equal((8, 12, 3, 4), (training.GetProperty("step").GetInt32(), training.GetProperty("steps").GetInt32(),
            training.GetProperty("epoch").GetInt32(), training.GetProperty("epochs").GetInt32()));
        // 4 steps of 2 images, at 4 images a second.
        Assert.Equal(2, training.GetProperty("seconds_left").GetDouble());
    }

    [Fact]
    public async Task A_run_has_its_settings_curves_classes_pictures_and_log()
    {
        var run = await (await server.Get("/v1/runs/ended")).Json();

        Assert.Equal("0.01", run.GetProperty("settings").GetProperty("train.optimizer.learning_rate").GetString());
        var steps = run.GetProperty("steps_curve");
        Assert.Equal(Enumerable.Range(1, 12), steps.GetProperty("iteration").EnumerateArray().Select(i => i.GetInt32()));
        Assert.Equal(0.25, steps.GetProperty("loss")[3].GetDouble());
        var validations = run.GetProperty("validations");
        Assert.Equal([2, 4], validations.GetProperty("epoch").EnumerateArray().Select(i => i.GetInt32()));
        // The second validation is the better one: of its first class 82 pixels are right, 18 are taken for the second; 20 the other way.
        var miou = validations.GetProperty("scores").EnumerateArray().First(s => s.GetProperty("name").GetString() == "miou");
        Assert.Equal((82.0 / 120 + 80.0 / 118 + 1) / 3, miou.GetProperty("values")[1].GetDouble(), 12);
        Assert.Equal(
            [82.0 / 120, 80.0 / 118, 1], run.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("iou").GetDouble()));
        Assert.Equal([82, 18, 0], run.GetProperty("confusion")[0].EnumerateArray().Select(c => c.GetInt32()));
        Assert.DoesNotContain("saved", run.GetProperty("log").ToString(), StringComparison.Ordinal);

        var picture = run.GetProperty("pictures")[0];
        Assert.Equal("a", picture.GetProperty("id").GetString());
        Assert.EndsWith("step=12", picture.GetProperty("image").GetString(), StringComparison.Ordinal);
        var image = await server.Get(picture.GetProperty("image").GetString()!);
        Assert.Equal("image/jpeg", image.Content.Headers.ContentType!.MediaType);
        Assert.Equal("image/png", (await server.Get(picture.GetProperty("truth").GetString()!)).Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("/v1/runs/none")]
    [InlineData("/v1/runs/link")]
    [InlineData("/v1/runs/no%20run")]
    [InlineData("/v1/runs/..%2Fended")]
    [InlineData("/v1/runs/none/events")]
    [InlineData("/v1/runs/ended/pictures/images.json")]
    [InlineData("/v1/runs/ended/pictures/..%2F..%2Frecipe.yaml")]
    [InlineData("/v1/runs/ended/pictures/%2Fetc%2Fpasswd")]
    [InlineData("/v1/runs/ended/pictures/none.png")]
    public async Task Nothing_but_runs_and_their_pictures_is_found(string path)
    {
        var answer = await server.Get(path);

        Assert.Equal(404, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("recipe.yaml", "[[[[", "")]
    [InlineData("result.json", "{}", "")]
    [InlineData("metrics.jsonl", """{"iteration":1,"epoch":1,"miou":1,"confusion":[1,2,3]}""", "\n")]
    [InlineData("metrics.jsonl", """{"iteration":1,"loss":"x"}""", "\n")]
    [InlineData("metrics.jsonl", "\0\0", "\n")]
    [InlineData("validation/12/images.json", """{"pictures":7,"images":[]}""", "")]
    public async Task A_damaged_file_is_a_problem_of_its_run_and_of_no_other(string file, string text, string end)
    {
        var run = RunFiles.Write(root, "damaged", 12, "finished in 9 s");
        RunFiles.Pictures(run, 12, ("a", 0.25));
        File.WriteAllText(Path.Combine(run.Root, file), text + end);

        foreach (var path in new[]
        {
            "/v1/runs", "/v1/runs/damaged", "/v1/runs/damaged/events", "/v1/comparison?run=damaged&run=stopped",
        })
            Assert.Equal(200, (int)(await server.Get(path)).StatusCode);
        Directory.Delete(run.Root, recursive: true);
    }

    [Fact]
    public async Task Runs_are_compared_by_the_settings_in_which_they_differ()
    {
        var comparison = await (await server.Get("/v1/comparison?run=ended&run=failed")).Json();

        Assert.Equal(["seed", "train.optimizer.learning_rate"],
            comparison.GetProperty("differing").EnumerateArray().Select(k => k.GetString()));
        Assert.Equal(["ended", "failed"], comparison.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("run").GetString()));
        Assert.Equal(400, (int)(await server.Get("/v1/comparison")).StatusCode);
        Assert.Equal(404, (int)(await server.Get("/v1/comparison?run=none")).StatusCode);
    }

    [Fact]
    public async Task A_client_that_comes_back_gets_the_events_that_it_has_not_seen()
    {
        var all = Events(await (await server.Get("/v1/runs/stopped/events")).Content.ReadAsStringAsync());
        // Seven steps, a validation after the sixth, the state, the end.
        Assert.Equal(["step", "step", "step", "step", "step", "step", "validation", "step", "state", "end"], all.Select(e => e.Kind));
        Assert.Equal("""{"state":"stopped"}""", all[^1].Data.ToString());

        var rest = Events(await (await server.Get("/v1/runs/stopped/events", ("Last-Event-ID", all[5].Id!))).Content.ReadAsStringAsync());
        Assert.Equal(all[6..].Select(e => e.Data.ToString()), rest.Select(e => e.Data.ToString()));

        Assert.Equal(204, (int)(await server.Get("/v1/runs/stopped/events", ("Last-Event-ID", all[^1].Id!))).StatusCode);
        Assert.Equal(400, (int)(await server.Get("/v1/runs/stopped/events", ("Last-Event-ID", "-1"))).StatusCode);
        // Behind the end, and within a line: the run was resumed from an earlier step.
        foreach (var strange in new[] { "99999", "5" })
            Assert.Equal("reset", Events(await (await server.Get("/v1/runs/stopped/events", ("Last-Event-ID", strange)))
                .Content.ReadAsStringAsync())[0].Kind);
    }

    [Fact]
    public async Task Events_come_while_a_run_trains_and_end_with_it_or_with_the_server()
    {
        var run = RunFiles.Write(root, "live", 2, null);
        var held = RunFiles.Hold(run);
        await using var own = await TestServer.StartAsync(s => s with { Runs = root });
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var answer = await own.Client.GetAsync("/v1/runs/live/events", HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());

        Assert.Contains("\"iteration\":2", await Until(reader, "\"iteration\":2", limit.Token), StringComparison.Ordinal);
        File.AppendAllText(run.Metrics, string.Concat(RunFiles.Lines(3)));
        Assert.Contains("\"loss\":0.33", await Until(reader, "\"iteration\":3", limit.Token), StringComparison.Ordinal);
        File.AppendAllText(run.Log, "2026-11-27T10:01:00+00:00  stopped after step 3; --resume continues there\n");
        held.Dispose();
        Assert.Contains("stopped", await Until(reader, "event: end", limit.Token) + await reader.ReadToEndAsync(limit.Token),
            StringComparison.Ordinal);

        var again = RunFiles.Hold(run);
        using var open = await own.Client.GetAsync("/v1/runs/live/events", HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var rest = new StreamReader(await open.Content.ReadAsStreamAsync());
        await Until(rest, "\"iteration\":3", limit.Token);
        await own.Server.StopAsync();
        Assert.DoesNotContain("event: end", await rest.ReadToEndAsync(limit.Token), StringComparison.Ordinal);
        again.Dispose();
        Directory.Delete(run.Root, recursive: true);
    }

    /// <summary>Everything up to the line that has the text.</summary>
    static async Task<string> Until(StreamReader reader, string text, CancellationToken stop)
    {
        var read = new StringBuilder();
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            read.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal))
                return read.ToString();
        }
        throw new InvalidOperationException($"the stream ended before '{text}':\n{read}");
    }

    static List<(string? Id, string Kind, JsonElement Data)> Events(string stream)
    {
        var events = new List<(string?, string, JsonElement)>();
        foreach (var block in stream.Split("\n\n").Where(b => b.StartsWith("event:", StringComparison.Ordinal)))
        {
            var fields = block.Split('\n').Select(l => l.Split(": ", 2)).ToDictionary(f => f[0], f => f[1]);
            using var data = JsonDocument.Parse(fields["data"]);
            events.Add((fields.GetValueOrDefault("id"), fields["event"], data.RootElement.Clone()));
        }
        return events;
    }
}

/// <summary>A server of five runs, a link to one of them and a folder that is none.</summary>
public sealed class RunServer : IAsyncLifetime
{
    FileStream held = null!;

    public string Root { get; } = Directory.CreateTempSubdirectory("hwaso-runs").FullName;

    internal TestServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var ended = RunFiles.Write(Root, "ended", 12, "finished in 9 s, best mIoU 0.8000 after epoch 4");
        await File.WriteAllTextAsync(ended.Result, """
            {"name": "small", "model": "hrnetv2", "seed": 7, "finished": true, "step": 12, "best_epoch": 4, "miou": 0.8, "parameters": 1000,
            "seconds": 9.0}
            """);
        RunFiles.Pictures(ended, 6, ("old", 0.5));
        RunFiles.Pictures(ended, 12, ("a", 0.25), ("b", 0.75));
        RunFiles.Write(Root, "failed", 2, "failed at step 3: the loss is NaN at step 3", "seed=8", "train.optimizer.learning_rate=0.5");
        RunFiles.Write(Root, "stopped", 7, "stopped after step 7; --resume continues there");
        RunFiles.Write(Root, "killed", 1, null);
        Directory.CreateDirectory(Path.Combine(Root, "no run"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "link"), ended.Root);
        held = RunFiles.Hold(RunFiles.Write(Root, "training", 8, null));
        Server = await TestServer.StartAsync(s => s with { Runs = Root });
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        await held.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}
