using System.Diagnostics;
using System.Text.Json;
using Hwaso.Server.Settings;

namespace Hwaso.Server.Tests.Runs;

/// <summary>Trainings that requests start, stop and resume, with a script in the place of the command.</summary>
public sealed class TrainingTests : IAsyncLifetime
{
    readonly TrainingServer own = new();

    TestServer Server => own.Server;

    string Runs => own.Runs;

    public Task InitializeAsync() => own.InitializeAsync();

    public Task DisposeAsync() => own.DisposeAsync();

    [Fact]
    public async Task Trainings_run_one_after_the_other_and_are_stopped_and_resumed()
    {
        Assert.Equal("/v1/runs/one", (await Post("/v1/runs", """{"recipe": "small", "name": "one", "settings": {"train.batch": 4}}"""))
            .Headers.Location!.ToString());
        await Post("/v1/runs", """{"recipe": "small", "name": "two", "settings": {"seed": "5"}}""");
        await State("one", "training");
        await State("two", "queued");
        Assert.Equal(409, (int)(await Server.PostJson("/v1/runs", """{"recipe": "small", "name": "one"}""")).StatusCode);
        var words = await File.ReadAllLinesAsync(Path.Combine(Runs, "one", "words"));
        Assert.Equal(["--set", "train.batch=4", "--set", "name=one"], words[^4..]);
        Assert.Equal("train", words[0]);

        await Post("/v1/runs/one/stop", "{}");
        await State("one", "stopped");
        await State("two", "training");

        await Post("/v1/runs/one/resume", """{"settings": {"train.epochs": "9"}}""");
        Assert.True((await State("one", "queued")).GetProperty("can_stop").GetBoolean());
        await Post("/v1/runs/two/stop", "{}");
        await State("one", "training");
        words = await File.ReadAllLinesAsync(Path.Combine(Runs, "one", "words"));
        Assert.Equal(["--resume", "--set", "train.epochs=9"], words[^3..]);
        Assert.Equal(409, (int)(await Server.PostJson("/v1/runs/one/resume", "{}")).StatusCode);

        // The server ends: so does its training, which saves.
        await Server.DisposeAsync();
        Assert.Contains("stopped after step", (await File.ReadAllLinesAsync(Path.Combine(Runs, "one", "log.txt")))[^1],
            StringComparison.Ordinal);
        await own.StartAsync();
    }

    [Fact]
    public async Task A_training_that_waits_is_taken_out_and_one_that_cannot_begin_says_why()
    {
        await Post("/v1/runs", """{"recipe": "small", "name": "one"}""");
        await Post("/v1/runs", """{"recipe": "small", "name": "two"}""");
        await Post("/v1/runs/two/stop", "{}");
        Assert.Equal(404, (int)(await Server.Get("/v1/runs/two")).StatusCode);
        await State("one", "training");
        await Post("/v1/runs/one/stop", "{}");
        await State("one", "stopped");

        await Post("/v1/runs", """{"recipe": "small", "name": "three", "settings": {"seed": 13}}""");

        var failed = await State("three", "failed");
        Assert.Contains("thirteenth", failed.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(409, (int)(await Server.PostJson("/v1/runs/one/stop", "{}")).StatusCode);
    }

    async Task<HttpResponseMessage> Post(string path, string body)
    {
        var answer = await Server.PostJson(path, body);
        Assert.True((int)answer.StatusCode == 202, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        return answer;
    }

    async Task<JsonElement> State(string run, string wanted)
    {
        JsonElement last = default;
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began).TotalSeconds < 20; await Task.Delay(10))
        {
            last = await (await Server.Get($"/v1/runs/{run}")).Json();
            var words = Path.Combine(Runs, run, "words");
            if (last.TryGetProperty("state", out var state) && state.GetString() == wanted && (wanted != "training" || File.Exists(words)))
                return last;
        }
        throw new TimeoutException($"run {run} was not {wanted} within 20 s: {last}");
    }
}

/// <summary>A server whose trainings are a script, with one recipe.</summary>
public sealed class TrainingServer : IAsyncLifetime
{
    // Takes the lock as a trainer does, notes its words once it can be stopped, and ends a step after it is asked to, without its words:
    // a test that waits for them never reads those of the start before.
    const string Script = """
        #!/bin/bash
        shift
        run=""
        for ((k = 1; k <= $#; k++)); do if [[ ${!k} == --run ]]; then n=$((k + 1)); run=${!n}; fi; done
        if [[ "$*" == *seed=13* ]]; then echo "hwaso train: the thirteenth is refused" >&2; exit 1; fi
        mkdir -p "$run/checkpoints"
        exec 8> "$run/train.lock"
        flock -n 8 || { echo "another process trains this run" >&2; exit 1; }
        [[ -f $run/recipe.yaml ]] || cp "$2" "$run/recipe.yaml" 2> /dev/null || cp "$1" "$run/recipe.yaml"
        trap 'echo "2026-11-27T10:00:01+00:00  stopped after step 1; --resume continues there" >> "$run/log.txt"
            rm "$run/train.lock" "$run/words"; echo "stopped after step 1; continue with: …" >&2; exit 1' TERM
        echo "2026-11-27T10:00:00+00:00  process $$ on here trains here" >> "$run/log.txt"
        printf '%s\n' "$@" > "$run/words.new"
        mv "$run/words.new" "$run/words"
        while true; do sleep 0.02; done
        """;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-trainings").FullName;

    public string Runs => Path.Combine(folder, "runs");

    internal TestServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(Command, Script);
        await File.WriteAllTextAsync(Recipe, RunFiles.RecipeText);
        Directory.CreateDirectory(Runs);
        await StartAsync();
    }

    public async Task StartAsync() => Server = await TestServer.StartAsync(s => s with
    {
        Runs = Runs,
        Training = new TrainingCommand(["bash", Command, "first"], new Dictionary<string, string> { ["small"] = Recipe }),
    });

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    string Command => Path.Combine(folder, "command.sh");

    string Recipe => Path.Combine(folder, "small.yaml");
}
