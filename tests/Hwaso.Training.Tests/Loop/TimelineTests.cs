using System.Diagnostics;
using System.Text.Json.Nodes;
using Hwaso.Torch.Processes;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

public sealed class TimelineTests : IDisposable
{
    readonly string file = Path.Combine(Directory.CreateTempSubdirectory("hwaso-timeline").FullName, "new", "trace.json");

    [Fact]
    public void File_is_there_before_anything_is_recorded()
    {
        _ = new Timeline(file, process: 2);

        Assert.All(Events(), e => Assert.Equal(("M", 2), (Text(e, "ph"), e["pid"]!.GetValue<int>())));
    }

    [Fact]
    public void Buckets_lie_where_the_exchange_began_each_on_a_track_of_its_own()
    {
        var timeline = new Timeline(file, process: 0);
        using (Timeline.Step(timeline))
        {
            var began = Stopwatch.GetTimestamp();
            timeline.Add(began, [new BucketTimes(8, Ms(1), Ms(5)), new BucketTimes(16, Ms(2), Ms(3))]);
        }
        timeline.Write();

        var (step, buckets) = (Spans("step").Single(), Spans("exchange"));
        Assert.Equal([1, 2], buckets.Select(b => b["tid"]!.GetValue<int>()));
        Assert.Equal([8, 16], buckets.Select(b => b["args"]!["bytes"]!.GetValue<int>()));
        Assert.Equal([4000, 1000], buckets.Select(b => b["dur"]!.GetValue<double>()));
        Assert.Equal(1000, From(buckets[1]) - From(buckets[0]));
        Assert.True(From(buckets[0]) - 1000 >= From(step));
        Assert.Equal(["training", "gradients, bucket 1", "gradients, bucket 2"],
            Events().Where(e => Text(e, "name") == "thread_name").Select(e => Text(e["args"]!, "name")));
    }

    [Fact]
    public void Steps_beyond_the_most_are_not_recorded()
    {
        var timeline = new Timeline(file, process: 0);
        for (var k = 0; k < Timeline.MostSteps + 5; k++)
            using (Timeline.Step(timeline))
            using (Timeline.Span(timeline, "forward"))
                timeline.Add(Stopwatch.GetTimestamp(), [new BucketTimes(8, Ms(1), Ms(2))]);
        timeline.Write();

        Assert.All(["step", "forward", "exchange"], name => Assert.Equal(Timeline.MostSteps, Spans(name).Length));
    }

    [Fact]
    public void Each_process_has_a_file_of_its_own() => Assert.Equal(
        ["a/b.json", Path.Combine("a", "b-3.json"), "c-1"],
        [Timeline.FileOf("a/b.json", 0), Timeline.FileOf("a/b.json", 3), Timeline.FileOf("c", 1)]);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(Path.GetDirectoryName(file)!)!, recursive: true);

    JsonNode[] Events() => [.. JsonNode.Parse(File.ReadAllText(file))!["traceEvents"]!.AsArray().Select(e => e!)];

    JsonNode[] Spans(string name) => [.. Events().Where(e => Text(e, "name") == name && Text(e, "ph") == "X")];

    static double From(JsonNode span) => span["ts"]!.GetValue<double>();

    static string Text(JsonNode node, string key) => node[key]!.GetValue<string>();

    static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);
}
