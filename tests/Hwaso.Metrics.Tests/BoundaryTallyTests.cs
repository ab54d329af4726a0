using Hwaso.Imaging;

namespace Hwaso.Metrics.Tests;

public sealed class BoundaryTallyTests
{
    [Theory]
    [InlineData(1, 1, 0.02)]
    [InlineData(7, 5, 0.02)]
    [InlineData(40, 30, 0.02)]
    [InlineData(40, 30, 0.08)]
    [InlineData(33, 64, 0.2)]
    public void Counts_equal_masks_eroded_one_by_one(int width, int height, double ratio)
    {
        const int classes = 4;
        var random = new Random(width * height);
        var tally = new BoundaryTally(classes, ratio);
        var expected = new (long Hits, long Truth, long Predicted)[classes];
        for (var image = 0; image < 6; image++)
        {
            var truth = new LabelMap(width, height, Blocks(random, width, height, image % 2 == 0 ? [0, 1, 2, 3] : [0, 1, 2, 3, 255]));
            var prediction = new LabelMap(width, height, Blocks(random, width, height, image % 3 == 0 ? [0, 1, 2, 3, 9] : [0, 1, 2, 3]));
            tally.Add(prediction, truth);
            // The definition, as the paper's code does it: a padded mask, eroded so many times by a 3×3 square.
            var times = Math.Max(1, (int)Math.Round(ratio * Math.Sqrt(width * width + height * height)));
            for (var k = 0; k < classes; k++)
            {
                var edgeOfTruth = Edge(p => truth.Labels[p] == k, width, height, times);
                var edgeOfPrediction = Edge(p => prediction.Labels[p] == k && truth.Labels[p] != 255, width, height, times);
                expected[k].Truth += edgeOfTruth.LongCount(e => e);
                expected[k].Predicted += edgeOfPrediction.LongCount(e => e);
                expected[k].Hits += edgeOfTruth.Zip(edgeOfPrediction).LongCount(e => e.First && e.Second);
            }
        }
        Assert.Equal(expected, tally.Classes.Select(c => (c.Hits, c.TruthPixels, c.PredictedPixels)));
    }

    [Fact]
    public void A_shifted_square_scores_what_a_hand_count_gives()
    {
        // Two 10×10 squares in 30×40 (diagonal 50, so d = 1), one shifted by a pixel to the right: rings of 36 pixels, of which the
        // upper and lower rows share 9 each; the vertical sides coincide nowhere else.
        byte[] Square(int left) =>
            [.. Enumerable.Range(0, 30 * 40).Select(p => (byte)(p % 40 >= left && p % 40 < left + 10 && p / 40 is >= 10 and < 20 ? 1 : 0))];
        var tally = new BoundaryTally(2);
        tally.Add(new LabelMap(40, 30, Square(11)), new LabelMap(40, 30, Square(10)));
        Assert.Equal((18, 36, 36), (tally.Classes[1].Hits, tally.Classes[1].TruthPixels, tally.Classes[1].PredictedPixels));
        Assert.Equal(18.0 / (36 + 36 - 18), tally.Classes[1].Iou);
    }

    [Fact]
    public void Tallies_that_differ_cannot_be_added_and_sizes_must_be_equal()
    {
        Assert.Throws<ArgumentException>(() => new BoundaryTally(2).Add(new BoundaryTally(3)));
        Assert.Throws<ArgumentException>(() => new BoundaryTally(2).Add(new BoundaryTally(2, 0.005)));
        Assert.Throws<ArgumentException>(() => new BoundaryTally(2).Add(new LabelMap(2, 3), new LabelMap(3, 2)));
    }

    static byte[] Blocks(Random random, int width, int height, byte[] values)
    {
        var labels = new byte[width * height];
        for (var block = 0; block < 12; block++)
        {
            var (left, top, value) = (random.Next(width), random.Next(height), values[random.Next(values.Length)]);
            var (right, bottom) = (random.Next(left, width) + 1, random.Next(top, height) + 1);
            for (var y = top; y < bottom; y++)
                labels.AsSpan(y * width + left, right - left).Fill(value);
        }
        return labels;
    }

    static bool[] Edge(Func<int, bool> mask, int width, int height, int times)
    {
        var whole = Enumerable.Range(0, width * height).Select(mask).ToArray();
        var eroded = whole;
        for (var k = 0; k < times; k++)
        {
            var from = eroded;
            bool At(int x, int y) => x >= 0 && y >= 0 && x < width && y < height && from[y * width + x];
            eroded = [.. Enumerable.Range(0, width * height).Select(p =>
                Enumerable.Range(-1, 3).All(dy => Enumerable.Range(-1, 3).All(dx => At(p % width + dx, p / width + dy))))];
        }
        return [.. whole.Zip(eroded, (w, e) => w && !e)];
    }
}
