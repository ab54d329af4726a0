using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Hwaso.Cli.Tests;

/// <summary>The command in several processes that train as one: started, stopped, killed, started wrongly.</summary>
[Collection(WorkshopTests.Name)]
public sealed class ProcessesTests(Workshop shop)
{
    const string Resume = "checkpoints/resume.safetensors", Last = "checkpoints/last.safetensors";

    [Fact]
    public void Two_processes_train_as_one_and_score_every_image_once()
    {
        var run = shop.At("pair");
        var ended = Launch(2, [], Training("pair", "--set", "train.log_every=1", "--json"));

        Assert.True(ended.Code == 0, ended.Error);
        Assert.Equal(run, JsonNode.Parse(ended.Output)!["run"]!.GetValue<string>());
        var (alone, pair) = (Lines(shop.Run), Lines(run));
        Assert.True(File.Exists(Path.Combine(run, "log-1.txt")));
        var confusion = pair.Last(l => l["confusion"] is not null)["confusion"]!.AsArray().Sum(n => n!.GetValue<long>());
        Assert.Equal(alone.Last(l => l["confusion"] is not null)["confusion"]!.AsArray().Sum(n => n!.GetValue<long>()), confusion);
        Directory.Delete(run, recursive: true);
    }

    [Fact]
    [Trait("Time", "Long")]
    public void A_run_that_is_killed_or_stopped_and_continued_ends_with_the_same_bits()
    {
        // One name for all, because the recipe in a checkpoint begins with the run's own path.
        const string Run = "team", Whole = "undisturbed";
        string[] settings = ["--set", "train.epochs=4"];
        Assert.Equal(0, Launch(2, [], Training(Run, settings)).Code);
        Directory.Move(shop.At(Run), shop.At(Whole));

        using (var launcher = HwasoProcess.Start(["launch", "-n", "2", "--restarts", "2", "--", .. Training(Run, settings)]))
        {
            launcher.WaitUntil(() => File.Exists(shop.At($"{Run}/{Resume}")), "a checkpoint");
            Kill(ChildOf(launcher, rank: 1));
            var ended = launcher.Finish();
            Assert.True(ended.Code == 0, ended.Error);
            Assert.Contains("starting all processes again", ended.Error, StringComparison.Ordinal);
        }
        Same(Run, Whole, "killed");
        Directory.Delete(shop.At(Run), recursive: true);

        using (var launcher = HwasoProcess.Start(["launch", "-n", "2", "--", .. Training(Run, settings)]))
        {
            launcher.WaitUntil(() => File.Exists(shop.At($"{Run}/{Resume}")), "a checkpoint");
            launcher.Send("TERM");
            var ended = launcher.Finish();
            Assert.Equal(1, ended.Code);
            Assert.Contains("continue with: hwaso launch -n 2 -- train", ended.Error, StringComparison.Ordinal);
        }
        var resumed = Launch(2, [], Training(Run, [.. settings, "--resume"]));
        Assert.True(resumed.Code == 0, resumed.Error);
        Same(Run, Whole, "stopped");

        // With one process it goes on as well, and says what changed.
        var one = CommandLine.Run(Training(Run, "--set", "train.epochs=5", "--resume"));
        Assert.True(one.Code == 0, one.Error);
        Assert.Contains("resumed with 1 process, begun with 2", one.Error, StringComparison.Ordinal);
        Directory.Delete(shop.At(Run), recursive: true);
        Directory.Delete(shop.At(Whole), recursive: true);
    }

    [Fact]
    [Trait("Time", "Long")]
    public void A_process_that_hangs_ends_the_others_with_its_name()
    {
        using var launcher = HwasoProcess.Start(
            ["launch", "-n", "2", "--", .. Training("hung", "--set", "train.epochs=500", "--timeout", "5")]);
        launcher.WaitUntil(() => File.Exists(shop.At($"hung/{Resume}")), "a checkpoint");
        Send("STOP", ChildOf(launcher, rank: 1));

        var ended = launcher.Finish();

        Assert.Equal(1, ended.Code);
        Assert.Contains("process 1 of 2 has been silent", ended.Error, StringComparison.Ordinal);
        Directory.Delete(shop.At("hung"), recursive: true);
    }

    [Fact]
    [Trait("Time", "Long")]
    public void A_timeline_shows_that_gradients_travel_during_the_backward_pass()
    {
        // More than the first bucket's megabyte, so that there are two.
        var ended = Launch(2, [], Training("timed", "--set", "train.epochs=1", "--set", "model.stage4.channels=[8, 16, 32, 128]",
            "--profile", shop.At("timed.json")));

        Assert.True(ended.Code == 0, ended.Error);
        foreach (var (rank, file) in new[] { "timed.json", "timed-1.json" }.Index())
        {
            var events = JsonNode.Parse(File.ReadAllText(shop.At(file)))!["traceEvents"]!.AsArray();
            var spans = events.Where(e => e!["ph"]!.GetValue<string>() == "X").Select(e => new Span(
                e!["name"]!.GetValue<string>(), e["tid"]!.GetValue<int>(), e["ts"]!.GetValue<double>(), e["dur"]!.GetValue<double>()))
                .ToArray();
            Assert.All(events, e => Assert.Equal(rank, e!["pid"]!.GetValue<int>()));
            Assert.All(spans.GroupBy(s => s.Track), Nest);
            var steps = spans.Where(s => s.Name == "step").ToArray();
            Assert.Equal(3, steps.Length);
            foreach (var step in steps)
            {
                Span One(string name) => Assert.Single(spans, s => s.Name == name && s.From >= step.From && s.To <= step.To);
                var order = new[] { "loader", "forward", "agreement", "backward", "waiting for gradients", "update" }.Select(One).ToArray();
                Assert.All(order.Zip(order.Skip(1)), pair => Assert.True(pair.First.To <= pair.Second.From));
                var buckets = spans.Where(s => s.Name == "exchange" && s.From >= step.From && s.To <= step.To).ToArray();
                Assert.Equal(2, buckets.Length);
                Assert.InRange(buckets.Min(b => b.From), One("backward").From, One("backward").To);
            }
        }
        Directory.Delete(shop.At("timed"), recursive: true);
    }

    [Fact]
    public void A_batch_that_one_process_cannot_read_ends_all_and_leaves_the_last_checkpoint()
    {
        var data = shop.CopyOf(shop.Data);
        string[] Arguments(params string[] more) => ["train", shop.Recipe, "--data", data, "--run", shop.At("unread"), "--threads", "1",
            "--device", "cpu", "--timeout", "20", .. more];
        Assert.Equal(0, Launch(2, [], Arguments("--set", "train.epochs=1")).Code);
        var before = File.ReadAllBytes(shop.At($"unread/{Resume}"));
        // Its header is whole, so the check of all files at the start finds nothing.
        var image = Directory.EnumerateFiles(data, "*_leftImg8bit.png", SearchOption.AllDirectories)
            .First(f => f.Contains("/train/", StringComparison.Ordinal));
        var bytes = File.ReadAllBytes(image);
        bytes.AsSpan(bytes.Length / 3, 200).Clear();
        File.WriteAllBytes(image, bytes);

        var ended = Launch(2, [], Arguments("--set", "train.epochs=3", "--resume"));

        Assert.Equal(1, ended.Code);
        Assert.Contains(Path.GetFileName(image), ended.Error, StringComparison.Ordinal);
        Assert.True(before.AsSpan().SequenceEqual(File.ReadAllBytes(shop.At($"unread/{Resume}"))));
        Directory.Delete(shop.At("unread"), recursive: true);
    }

    [Theory]
    [InlineData("OMPI_COMM_WORLD_RANK={0};OMPI_COMM_WORLD_SIZE=2;OMPI_COMM_WORLD_LOCAL_RANK={0};OMPI_COMM_WORLD_LOCAL_SIZE=2;"
        + "PMIX_NAMESPACE={1}")]
    public void Processes_that_MPI_starts_find_each_other(string variables) => AssertFound(variables);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData("SLURM_PROCID={0};SLURM_STEP_NUM_TASKS=2;SLURM_LOCALID={0};SLURM_JOB_ID={1};SLURM_STEP_ID=0;"
        + "SLURM_STEP_NODELIST=localhost")]
    public void Processes_that_Slurm_starts_find_each_other(string variables) => AssertFound(variables);

    void AssertFound(string variables)
    {
        var job = $"{Environment.ProcessId}{variables.Length}";
        var results = Together(rank => (variables.Replace("{0}", $"{rank}", StringComparison.Ordinal)
            .Replace("{1}", job, StringComparison.Ordinal).Split(';'), Training("cluster", "--set", "train.epochs=1")));

        Assert.All(results, r => Assert.True(r.Code == 0, r.Error));
        Assert.True(File.Exists(shop.At("cluster/report.html")));
        Directory.Delete(shop.At("cluster"), recursive: true);
    }

    [Theory]
    [InlineData("RANK=1;WORLD_SIZE=3", "as one of 3, process 0")]
    [InlineData("RANK=0;WORLD_SIZE=2", "is another process 0 or another run using the port")]
    [InlineData("RANK=1;WORLD_SIZE=2;SEED=8", "was started with another recipe")]
    public void Processes_that_do_not_fit_together_say_so_before_the_first_step(string second, string wanted)
    {
        using var free = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        free.Start();
        var port = ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        string[] meeting = ["MASTER_ADDR=127.0.0.1", $"MASTER_PORT={port}"];
        var results = Together(rank => rank == 0
            ? (["RANK=0", "WORLD_SIZE=2", .. meeting], Training("apart", "--timeout", "6"))
            : ([.. second.Split(';'), .. meeting],
                Training("apart", "--timeout", "6", "--set", second.Contains("SEED", StringComparison.Ordinal) ? "seed=8" : "seed=7")));

        Assert.All(results, r => Assert.Equal(1, r.Code));
        Assert.Contains(results, r => r.Error.Contains(wanted, StringComparison.Ordinal));
        Assert.False(Directory.Exists(shop.At("apart")));
    }

    [Fact]
    public void A_process_that_does_not_come_is_named()
    {
        using var process = HwasoProcess.StartWith(
            ["RANK=0", "WORLD_SIZE=3", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=0"], Training("missing", "--timeout", "2"));

        var ended = process.Finish();

        Assert.Equal(1, ended.Code);
        Assert.Contains("2 of 3 processes did not come within 2 s: process 1, 2", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_that_does_not_divide_is_refused()
    {
        var ended = Launch(3, [], Training("uneven"));

        Assert.Equal(2, ended.Code);
        Assert.Contains("4 does not divide among 3 processes", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Launching_another_verb_is_refused() =>
        Assert.Contains("'score' does not work in several processes", CommandLine.Run("launch", "-n", "2", "--", "score").Error,
            StringComparison.Ordinal);

    // Each lies within the one that it begins in.
    static void Nest(IEnumerable<Span> spans)
    {
        var open = new Stack<Span>();
        foreach (var span in spans.OrderBy(s => s.From).ThenByDescending(s => s.To))
        {
            while (open.Count > 0 && open.Peek().To <= span.From)
                open.Pop();
            Assert.True(open.Count == 0 || span.To <= open.Peek().To, $"{span} leaves {(open.Count > 0 ? open.Peek() : null)}");
            open.Push(span);
        }
    }

    string[] Training(string run, params string[] more) => shop.Training(run, more);

    void Same(string run, string whole, string what)
    {
        foreach (var file in new[] { Last, "checkpoints/best.safetensors" })
            Assert.True(File.ReadAllBytes(shop.At($"{run}/{file}")).AsSpan().SequenceEqual(File.ReadAllBytes(shop.At($"{whole}/{file}"))),
                $"{what}: {file} differs");
    }

    static CommandLine Launch(int count, string[] options, string[] command)
    {
        using var launcher = HwasoProcess.Start(["launch", "-n", $"{count}", .. options, "--", .. command]);
        return launcher.Finish();
    }

    static CommandLine[] Together(Func<int, (string[] Variables, string[] Command)> of)
    {
        HwasoProcess[] processes = [.. Enumerable.Range(0, 2).Select(rank => HwasoProcess.StartWith(of(rank).Variables, of(rank).Command))];
        CommandLine[] results = [.. processes.Select(p => p.Finish())];
        foreach (var process in processes)
            process.Dispose();
        return results;
    }

    static JsonObject[] Lines(string run) =>
        [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject())];

    // The launcher's own environment has no rank; its children's has.
    static int ChildOf(HwasoProcess launcher, int rank) => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
        .First(id => id > 0 && Parent(id) == launcher.Id && Variables(id).Contains($"RANK={rank}"));

    static int Parent(int id) => Text($"/proc/{id}/stat") is { Length: > 0 } stat
        ? int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) : 0;

    static string[] Variables(int id) => Text($"/proc/{id}/environ").Split('\0');

    static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    sealed record Span(string Name, int Track, double From, double Long)
    {
        public double To => From + Long;
    }

    static void Kill(int id) => Send("KILL", id);

    static void Send(string signal, int id)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{id}"]);
        kill.WaitForExit();
    }
}
