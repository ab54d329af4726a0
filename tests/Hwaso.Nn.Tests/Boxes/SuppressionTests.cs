using Hwaso.Nn.Boxes;

namespace Hwaso.Nn.Tests.Boxes;

public sealed class SuppressionTests
{
    [Theory]
    [InlineData(0.3, 0)]
    [InlineData(0.7, 0)]
    [InlineData(0.5, 1)]
    public void Many_boxes_are_suppressed_as_by_the_definition(double threshold, float extent)
    {
        // Enough kept boxes for several rounds of compaction.
        var (boxes, scores) = Random(1200);
        var kept = new List<int>();
        foreach (var k in Enumerable.Range(0, boxes.Length).OrderByDescending(k => scores[k]))
            if (kept.TrueForAll(other => !(Overlap(boxes[other], boxes[k], extent) > threshold)))
                kept.Add(k);

        Assert.Equal(kept, Suppression.Keep(boxes, scores, threshold, extent));
        Assert.InRange(kept.Count, 100, 1190);
    }

    [Fact]
    public void Classes_do_not_suppress_each_other()
    {
        var (boxes, scores) = Random(1500);
        int[] classes = [.. Enumerable.Range(0, boxes.Length).Select(k => k % 3)];
        int[] expected = [.. Enumerable.Range(0, 3)
            .SelectMany(c => Enumerable.Range(0, boxes.Length).Where(k => k % 3 == c) is var own
                ? Suppression.Keep([.. own.Select(k => boxes[k])], [.. own.Select(k => scores[k])], 0.4).Select(k => 3 * k + c) : [])
            .OrderByDescending(k => scores[k])];

        Assert.Equal(expected, Suppression.KeepByClass(boxes, scores, classes, 0.4));
    }

    [Fact]
    public void Nothing_and_odd_numbers_are_taken()
    {
        Assert.Empty(Suppression.Keep([], [], 0.5));
        Assert.Empty(Suppression.KeepByClass([], [], [], 0.5));
        // Boxes that are none overlap nothing; a score that is none sorts first, as in PyTorch.
        Box[] odd = [new(0, 0, 5, 5), new(float.NaN, 0, 5, 5), new(0, 0, 5, 5)];
        Assert.Equal([1, 0], Suppression.Keep(odd, [0.5f, float.NaN, 0.5f], 0.5));
        Assert.Throws<ArgumentException>(() => Suppression.Keep(odd, [1], 0.5));
    }

    static float Overlap(Box a, Box b, float extent)
    {
        var width = MathF.Max(MathF.Min(a.X2, b.X2) - MathF.Max(a.X1, b.X1) + extent, 0);
        var height = MathF.Max(MathF.Min(a.Y2, b.Y2) - MathF.Max(a.Y1, b.Y1) + extent, 0);
        var both = width * height;
        return both / (a.Area(extent) + b.Area(extent) - both);
    }

    static (Box[] Boxes, float[] Scores) Random(int count)
    {
        var random = new Random(count);
        var boxes = new Box[count];
        for (var k = 0; k < count; k++)
        {
            float x = random.NextSingle() * 200, y = random.NextSingle() * 200;
            boxes[k] = new Box(x, y, x + 5 + random.NextSingle() * 40, y + 5 + random.NextSingle() * 40);
        }
        return (boxes, [.. boxes.Select(_ => random.NextSingle())]);
    }
}
