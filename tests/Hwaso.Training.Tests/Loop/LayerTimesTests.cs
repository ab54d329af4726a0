using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Tests;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>A run's timeline with its layers and operators.</summary>
public sealed class LayerTimesTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    [Fact]
    public void Every_layer_and_its_operators_are_shown_forward_and_backward_and_no_weight_is_changed()
    {
        var file = Path.Combine(runs.At("trace").Root, "trace.json");
        var timeline = new Timeline(file, process: 0);
        runs.Train("plain", settings: "train.epochs=1");
        runs.Train("timed", null, false, scenes.Root, ["train.epochs=1"], timeline: timeline);
        timeline.Write();

        Assert.Equal(runs.Bits("plain"), runs.Bits("timed"));
        var spans = JsonNode.Parse(File.ReadAllText(file))!["traceEvents"]!.AsArray().Where(e => (string)e!["ph"]! == "X").Select(e =>
            new Span((string)e!["name"]!, (string)e["cat"]!, (string?)e["args"]?["kind"], (int)e["tid"]!, (double)e["ts"]!,
                (double)e["dur"]!)).ToArray();
        Assert.All(spans.GroupBy(s => s.Track), Nest);
        var steps = spans.Where(s => s is { Category: "step", Name: "step" }).ToArray();
        // Four images a step, each read by a thread of its own.
        var images = spans.Where(s => s.Category == "loader").ToArray();
        Assert.True(images.Length >= 12 && images.All(s => s.Track != steps[0].Track && s.Name == "image"));
        Assert.Equal(3, steps.Length);
        foreach (var step in steps)
        {
            Span[] Within(Span outer, string category) => [.. spans.Where(s => s.Category == category && outer.Holds(s))];
            Span Phase(string name) => Within(step, "step").Single(s => s.Name == name);
            Span[] forward = Within(Phase("forward"), "layer"), backward = Within(Phase("backward"), "layer");
            Assert.All(forward, layer => Assert.NotEqual("backward", layer.Kind));
            Assert.All(backward, layer => Assert.Equal("backward", layer.Kind));
            foreach (var layer in Layers("plain"))
            {
                Assert.Single(forward, s => s.Name == layer);
                var back = Assert.Single(backward, s => s.Name == layer);
                Assert.NotEmpty(Within(back, "operator"));
            }
            var conv1 = forward.Single(s => s.Name == "conv1");
            Assert.Equal("Conv2d", conv1.Kind);
            // libtorch's, or Hwaso's where the processor has AVX-512.
            Assert.Single([.. Within(conv1, "operator"), .. Within(conv1, "kernel")], s => s.Name is "aten::conv2d" or "conv2d");
            // Hwaso's kernels, in the layers; what a batch norm computes again, in the node of the convolution that asks for it.
            Assert.Contains(Within(Phase("forward"), "kernel"), s => s.Name == "batch_norm_relu");
            Assert.Contains(Within(Phase("forward"), "kernel"), s => s.Name == "conv2d" && forward.Any(l => l.Holds(s)));
            var again = Within(Phase("backward"), "kernel").Where(s => s.Name == "batch_norm_relu again").ToArray();
            Assert.NotEmpty(again);
            Assert.All(again, s => Assert.Contains(Within(Phase("backward"), "operator"), node => node.Holds(s)));
            Assert.Contains(Within(backward.Single(s => s.Name == "conv1"), "operator"), s => s.Name is "ConvolutionBackward0" or "conv2d");
        }
    }

    /// <summary>The places of convolutions and batch norms.</summary>
    IEnumerable<string> Layers(string run) => TensorFile.Read(runs.At(run).Last).Tensors.Keys
        .Where(key => key.EndsWith(".weight", StringComparison.Ordinal)).Select(key => key[..key.LastIndexOf('.')]);

    static void Nest(IEnumerable<Span> spans)
    {
        var open = new Stack<Span>();
        foreach (var span in spans.OrderBy(s => s.From).ThenByDescending(s => s.To))
        {
            while (open.TryPeek(out var last) && last.To <= span.From)
                open.Pop();
            if (open.TryPeek(out var outer))
                Assert.True(outer.Holds(span), $"{span} overlaps {outer}");
            open.Push(span);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }

    sealed record Span(string Name, string Category, string? Kind, int Track, double From, double Duration)
    {
        public double To => From + Duration;

        public bool Holds(Span other) => !ReferenceEquals(this, other) && Track == other.Track && From <= other.From && other.To <= To;
    }
}
