using Hwaso.Imaging;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests;

/// <summary>Every way of asking against the formula in plain loops.</summary>
public sealed class TorchSegmentationTests : TensorTest
{
    const int Height = 23, Width = 37;

    static readonly Dictionary<string, Views> ways = new()
    {
        ["whole"] = new(),
        ["mirrored"] = new() { Flip = true },
        ["scales"] = new() { Scales = [0.5, 1, 1.75] },
        ["one scale"] = new() { Scales = [1.5] },
        ["windows"] = new() { Crop = new(10, 16) },
        ["windows with a stride"] = new() { Crop = new(10, 16), Stride = new(7, 5) },
        ["windows side by side"] = new() { Crop = new(12, 12), Stride = new(12, 12) },
        ["windows as high as the image"] = new() { Crop = new(50, 16) },
        ["windows as large as the image"] = new() { Crop = new(Height, Width) },
        ["another size"] = new() { Size = new(31, 20) },
        ["HRNet's way"] =
            new() { Scales = [0.5, 1, 1.75], Flip = true, LongSide = 40, Crop = new(24, 24), PadToCrop = true, Sum = ViewSum.Exponential },
        ["HRNet's way with one scale"] = new() { LongSide = 50, Crop = new(24, 24), PadToCrop = true, Sum = ViewSum.Exponential },
        ["whole up to a scale"] = new()
        {
            Scales = [1, 1.5],
            Flip = true,
            Crop = new(20, 32),
            Stride = new(20, 32),
            PadToCrop = true,
            WholeUpTo = 1,
            Sum = ViewSum.Exponential
        },
        ["mmsegmentation's way"] = new()
        {
            Scales = [0.75, 1.5],
            Flip = true,
            LongSide = 60,
            ShortSide = 32,
            Crop = new(24, 24),
            Stride = new(16, 16),
            Sum = ViewSum.SoftmaxOfEach
        },
        ["a short side"] = new() { LongSide = 200, ShortSide = 31, Sum = ViewSum.SoftmaxOfEach },
        ["all at once"] = new() { Size = new(30, 40), Scales = [0.75, 1.25], Flip = true, Crop = new(20, 24), Stride = new(10, 15) },
    };

    public static TheoryData<string> Ways => [.. ways.Keys];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Labels_are_those_of_the_formula(string way)
    {
        Check(ways[way], alignCorners: false, Height, Width);
        Check(ways[way], alignCorners: true, Height, Width);
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("all at once")]
    [InlineData("HRNet's way")]
    public void Labels_come_at_the_size_that_is_wanted(string way) => Check(ways[way], false, 40, 18);

    [Fact]
    public void Every_way_of_asking_answers_otherwise_somewhere()
    {
        // Else the test above could not tell them apart.
        var whole = Best(Plain(ways["whole"], false, Height, Width));
        foreach (var (way, options) in ways)
            Assert.Equal(
                way is "whole" or "windows as large as the image", whole.SequenceEqual(Best(Plain(options, false, Height, Width))));
    }

    [Fact]
    public void Segmenting_puts_the_network_into_evaluation_and_leaves_no_tensor()
    {
        using var weights = Weights.Create();
        var net = new ProbeNet(weights, false);
        var segmenter = Segmenter.Of(net, views: ways["all at once"]);
        var before = Tensor.LiveHandles;
        segmenter.Segment(Picture());
        Assert.False(net.IsTraining);
        Assert.Equal(before, Tensor.LiveHandles);
    }

    [Fact]
    public void Settings_that_skip_pixels_or_ask_nothing_are_refused()
    {
        Refused(new() { Scales = [] }, "one or more numbers above 0");
        Refused(new() { Scales = [1, 0] }, "scales [1, 0]");
        Refused(new() { Scales = [double.NaN] }, "scales [NaN]");
        Refused(new() { Stride = new(4, 4) }, "without a crop");
        Refused(new() { Crop = new(8, 8), Stride = new(8, 9) }, "pixels are skipped");
        Refused(new() { Crop = new(8, 8), Stride = new(0, 8) }, "pixels are skipped");
        Refused(new() { LongSide = 0 }, "at least 1 was wanted");
        foreach (var options in ways.Values)
            options.Check();
    }

    static void Refused(Views options, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(options.Check).Message, StringComparison.Ordinal);

    static void Check(Views options, bool alignCorners, int height, int width)
    {
        using var weights = Weights.Create();
        var segmenter = Segmenter.Of(new ProbeNet(weights, alignCorners), views: options);
        var labels = height == Height && width == Width ? segmenter.Segment(Picture()) : segmenter.Segment(Picture(), height, width);
        Assert.Equal((height, width), (labels.Height, labels.Width));
        var scores = Plain(options, alignCorners, height, width);
        var best = Best(scores);
        var clear = 0;
        for (var p = 0; p < best.Length; p++)
        {
            var ordered = scores.Select(s => s[p / width, p % width]).OrderDescending().ToArray();
            // Float32 against double: a lead of 1e-4 is a hundred roundings of numbers near 10.
            if (ordered[0] - ordered[1] < 1e-4)
                continue;
            clear++;
            Assert.True(best[p] == labels.Labels[p], $"pixel {p / width}, {p % width}: class {labels.Labels[p]}, the formula has "
                + $"{best[p]}");
        }
        Assert.True(clear > 0.98 * best.Length, $"only {clear} of {best.Length} pixels have a clear answer");
    }

    static double[][,] Plain(Views options, bool alignCorners, int height, int width) =>
        PlainSegmenter.Scores(Picture(), Normalisation.ImageNet, options, alignCorners, height, width);

    static byte[] Best(double[][,] scores)
    {
        var (height, width) = (scores[0].GetLength(0), scores[0].GetLength(1));
        return [.. from i in Enumerable.Range(0, height)
                   from j in Enumerable.Range(0, width)
                   select (byte)Enumerable.Range(0, scores.Length).MaxBy(k => scores[k][i, j])];
    }

    static RgbImage Picture()
    {
        var pixels = new byte[Height * Width * 3];
        new Random(3).NextBytes(pixels);
        return new RgbImage(Width, Height, pixels);
    }
}
