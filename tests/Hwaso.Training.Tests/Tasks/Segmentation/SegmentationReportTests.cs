using System.Text.RegularExpressions;
using Hwaso.Data.Layouts;
using Hwaso.Inference;
using Hwaso.Metrics;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>The report of a segmentation run.</summary>
public sealed class SegmentationReportTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    [Fact]
    public void The_report_shows_the_best_and_the_worst_images_of_the_best_weights()
    {
        runs.Reported("shown");
        using var network = LoadedModel.Open(runs.At("shown").Root, Device.Cpu);
        var split = Datasets.Open("cityscapes", scenes.Root, "val");
        var segmenter = Segmenter.Of(network.Segmentation, network.Normalisation);
        var order = Enumerable.Range(0, split.Samples.Count).OrderByDescending(k =>
        {
            var item = split.Read(k);
            var confusion = new ConfusionMatrix(19);
            confusion.Add(item.Labels.Labels, segmenter.Segment(item.Image).Labels, 255);
            return Scores.Of(confusion).Miou;
        }).Select(k => split.Samples[k].Id).ToArray();

        var page = File.ReadAllText(runs.At("shown").Report);
        // Four images: two are the best, two the worst, the worst first.
        var shown = Regex.Matches(page, "<h3>(Best|Worst) of 4 images</h3>|alt=\"Input of ([^\"]+)\"")
            .Select(m => m.Groups[1].Value + m.Groups[2].Value);
        Assert.Equal(["Best", order[0], order[1], "Worst", order[3], order[2]], shown);
    }

    [Fact]
    public void The_report_shows_depth_beside_segmentation_where_a_network_learns_both()
    {
        runs.Reported("depths", settings:
        [
            $"model={{family: unet-resnet-multidecoder, {SmallRuns.Tiny}, unet: {{channels: [16, 16, 8, 8, 8]}}}}",
            "data.depth=disparity",
        ]);
        var page = File.ReadAllText(runs.At("depths").Report);
        foreach (var kind in new[] { "Truth", "Prediction", "Depth", "True depth" })
            Assert.Equal(4, Regex.Count(page, $"alt=\"{kind} of "));
    }

    [Fact]
    public void The_report_is_one_page_with_curves_and_pictures()
    {
        var result = runs.Reported("page");
        Assert.True(result.Finished);
        var page = File.ReadAllText(runs.At("page").Report);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.Contains("data:image/", page, StringComparison.Ordinal);
        Assert.Contains("traffic light", page, StringComparison.Ordinal);
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
