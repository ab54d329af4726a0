namespace Hwaso.Metrics.Tests;

public sealed class ConfusionMatrixTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(19)]
    [InlineData(150)]
    [InlineData(255)]
    public void Counts_equal_a_plain_loop_when_labels_are_random(int classes)
    {
        var random = new Random(classes);
        for (var trial = 0; trial < 40; trial++)
        {
            var length = random.Next(0, 3000);
            var truthValues = RandomLabels.Values(classes, 255);
            // Predictions take any byte: those from K on are misses.
            var predictionValues = trial % 2 == 0 ? RandomLabels.Values(256) : RandomLabels.Values(classes);
            var truth = trial % 3 == 0
                ? RandomLabels.Noise(random, length, truthValues) : RandomLabels.Areas(random, length, truthValues);
            var prediction = trial % 4 < 2
                ? RandomLabels.Noise(random, length, predictionValues) : RandomLabels.Areas(random, length, predictionValues);
            var matrix = new ConfusionMatrix(classes);
            matrix.Add(truth, prediction);

            var expected = new long[256, 256];
            for (var i = 0; i < length; i++)
                if (truth[i] != 255)
                    expected[truth[i], prediction[i]]++;
            for (var t = 0; t < classes; t++)
            {
                long row = 0, outside = 0;
                for (var p = 0; p < 256; p++)
                {
                    row += expected[t, p];
                    if (p < classes)
                        Assert.Equal(expected[t, p], matrix[t, p]);
                    else
                        outside += expected[t, p];
                }
                Assert.Equal(row, matrix.TruthPixels(t));
                Assert.Equal(outside, matrix.OutOfRange(t));
            }
            Assert.Equal(truth.LongCount(t => t != 255), matrix.TotalPixels);
        }
    }

    [Fact]
    public void Counts_do_not_depend_on_the_order_of_images_on_batches_or_on_threads()
    {
        var random = new Random(7);
        var images = Enumerable.Range(0, 24).Select(i =>
        {
            var length = random.Next(1, 5000);
            return (Truth: RandomLabels.Areas(random, length, RandomLabels.Values(11, 255)),
                Prediction: RandomLabels.Areas(random, length, RandomLabels.Values(12)));
        }).ToArray();
        var inOrder = new ConfusionMatrix(11);
        foreach (var (truth, prediction) in images)
            inOrder.Add(truth, prediction);

        var shuffled = new ConfusionMatrix(11);
        random.Shuffle(images);
        foreach (var (truth, prediction) in images)
            shuffled.Add(truth, prediction);

        var batch = new ConfusionMatrix(11);
        batch.Add(images.SelectMany(i => i.Truth).ToArray(), images.SelectMany(i => i.Prediction).ToArray());

        var parts = Enumerable.Range(0, 4).Select(_ => new ConfusionMatrix(11)).ToArray();
        Parallel.For(0, 4, thread =>
        {
            for (var i = thread; i < images.Length; i += 4)
                parts[thread].Add(images[i].Truth, images[i].Prediction);
        });
        var merged = new ConfusionMatrix(11);
        foreach (var part in parts)
            merged.Add(part);

        foreach (var other in new[] { shuffled, batch, merged })
            for (var t = 0; t < 11; t++)
            {
                for (var p = 0; p < 11; p++)
                    Assert.Equal(inOrder[t, p], other[t, p]);
                Assert.Equal(inOrder.OutOfRange(t), other.OutOfRange(t));
            }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(40)]
    [InlineData(99)]
    public void A_true_label_that_is_no_class_is_an_error_naming_it_and_counts_nothing(int place)
    {
        var truth = new byte[100];
        truth[place] = 7;
        var matrix = new ConfusionMatrix(5);
        var error = Assert.Throws<ArgumentException>(() => matrix.Add(truth, new byte[100]));
        Assert.Contains("true label 7", error.Message, StringComparison.Ordinal);
        Assert.Contains($"pixel {place}", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, matrix.TotalPixels);
    }

    [Fact]
    public void The_value_255_is_an_error_when_no_label_is_ignored()
    {
        var matrix = new ConfusionMatrix(5);
        Assert.Throws<ArgumentException>(() => matrix.Add(new byte[] { 0, 255 }, new byte[2], ignore: null));
    }

    [Fact]
    public void A_class_can_be_the_ignored_label_when_asked()
    {
        var matrix = new ConfusionMatrix(3);
        matrix.Add(new byte[] { 0, 0, 1, 2 }, new byte[] { 1, 0, 1, 0 }, ignore: 0);
        matrix.Add(new byte[] { 1 }, new byte[] { 2 });
        Assert.Equal(0, matrix.TruthPixels(0));
        Assert.Equal(3, matrix.TotalPixels);
        Assert.Equal(1, matrix[1, 2]);
    }

    [Fact]
    public void Predictions_that_are_no_class_are_reported_by_value()
    {
        var matrix = new ConfusionMatrix(3);
        matrix.Add(new byte[] { 0, 1, 1, 255, 2 }, new byte[] { 9, 9, 255, 9, 2 });
        Assert.Equal([new(9, 2), new(255, 1)], matrix.OutOfRangePredictions());
        Assert.Equal(3, Scores.Of(matrix).OutOfRangePixels);
    }

    [Fact]
    public void Sizes_that_differ_are_an_error()
    {
        var matrix = new ConfusionMatrix(3);
        Assert.Throws<ArgumentException>(() => matrix.Add(new byte[4], new byte[5]));
        Assert.Throws<ArgumentException>(() => matrix.Add(new ConfusionMatrix(4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConfusionMatrix(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConfusionMatrix(257));
    }
}
