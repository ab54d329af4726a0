namespace Hwaso.Metrics.Tests;

public sealed class ScoresTests
{
    // Ratios of small integers in double: 1e-12 is far above rounding and far below a wrong count.
    const double Rounding = 1e-12;

    static Scores Example(bool hasBackground = false)
    {
        // By hand: class 0 has 6 pixels (4 hit, 1 to class 1, 1 to no class), class 1 has 4 (3 hit, 1 to class 0),
        // class 2 is predicted nowhere and true nowhere, class 3 has 2 pixels, none hit (both to class 0).
        var matrix = new ConfusionMatrix(4);
        matrix.Add(
            [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 3, 3, 255],
            [0, 0, 0, 0, 1, 200, 1, 1, 1, 0, 0, 0, 0]);
        return Scores.Of(matrix, hasBackground);
    }

    [Fact]
    public void Scores_follow_their_definitions_when_computed_by_hand()
    {
        var scores = Example();
        Assert.Equal(4.0 / (6 + 7 - 4), scores.Classes[0].Iou!.Value, Rounding);
        Assert.Equal(3.0 / (4 + 4 - 3), scores.Classes[1].Iou!.Value, Rounding);
        Assert.Null(scores.Classes[2].Iou);
        Assert.Equal(0, scores.Classes[3].Iou);
        Assert.Equal((4.0 / 9 + 3.0 / 5) / 3, scores.Miou!.Value, Rounding);
        Assert.Equal((4.0 / 9 + 3.0 / 5) / 4, scores.MiouAbsentAsZero, Rounding);
        Assert.Equal(7.0 / 12, scores.PixelAccuracy!.Value, Rounding);
        Assert.Equal((4.0 / 6 + 3.0 / 4) / 3, scores.MeanAccuracy!.Value, Rounding);
        Assert.Equal((4.0 / 6 + 3.0 / 4) / 4, scores.MeanAccuracyAbsentAsZero, Rounding);
        Assert.Equal((4.0 / 9 * 6 + 3.0 / 5 * 4) / 12, scores.FrequencyWeightedIou!.Value, Rounding);
        Assert.Equal(4.0 / 7, scores.Classes[0].Precision!.Value, Rounding);
        Assert.Null(scores.Classes[3].Precision);
        Assert.Null(scores.Classes[2].Recall);
        Assert.Equal(12, scores.Pixels);
        Assert.Equal(1, scores.OutOfRangePixels);
    }

    [Fact]
    public void Foreground_iou_exists_only_when_there_is_a_background()
    {
        Assert.Null(Example().ForegroundIou);
        Assert.Equal(3.0 / 5 / 2, Example(hasBackground: true).ForegroundIou!.Value, Rounding);
    }

    [Fact]
    public void An_empty_matrix_has_no_scores_and_no_division_by_zero()
    {
        var scores = Scores.Of(new ConfusionMatrix(3), hasBackground: true);
        Assert.Null(scores.Miou);
        Assert.Null(scores.PixelAccuracy);
        Assert.Null(scores.MeanAccuracy);
        Assert.Null(scores.FrequencyWeightedIou);
        Assert.Null(scores.ForegroundIou);
        Assert.Equal(0, scores.MiouAbsentAsZero);
    }

    [Fact]
    public void The_table_is_aligned_when_names_are_of_any_script()
    {
        var text = ScoreTable.Text(Example(), ["road", "traffic light", "하늘", "b"]);
        var lines = text.Split('\n');
        Assert.Equal("class            IoU  accuracy  pixels", lines[0]);
        Assert.Equal("traffic light  60.00     75.00       4", lines[3]);
        // Two Hangul syllables are four columns wide.
        Assert.Equal("하늘               –         –       0", lines[4]);
        Assert.Equal("mIoU 34.81   pixel accuracy 58.33   mean accuracy 47.22   (%)", lines[7]);
        Assert.Contains("1 of 4 classes absent", text, StringComparison.Ordinal);
        Assert.Contains("1 pixels were predicted as no class", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_the_contracts_fields_and_null_for_absent_classes()
    {
        using var json = System.Text.Json.JsonDocument.Parse(ScoreJson.Text(Example(hasBackground: true), ["a", "b", "\"c<", "b"]));
        var root = json.RootElement;
        Assert.Equal((4.0 / 9 + 3.0 / 5) / 3, root.GetProperty("miou").GetDouble(), Rounding);
        Assert.Equal(7.0 / 12, root.GetProperty("pixel_accuracy").GetDouble(), Rounding);
        Assert.Equal((4.0 / 6 + 3.0 / 4) / 3, root.GetProperty("mean_accuracy").GetDouble(), Rounding);
        Assert.Equal(0.3, root.GetProperty("foreground_iou").GetDouble(), Rounding);
        Assert.Equal(0.6, root.GetProperty("iou").GetProperty("b").GetDouble(), Rounding);
        Assert.Equal(0, root.GetProperty("iou").GetProperty("b (2)").GetDouble());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, root.GetProperty("iou").GetProperty("\"c<").ValueKind);
        Assert.False(root.TryGetProperty("category_miou", out _));
    }

    [Fact]
    public void Names_that_do_not_fit_the_scores_are_an_error()
    {
        Assert.Throws<ArgumentException>(() => ScoreTable.Text(Example(), ["a"]));
        Assert.Throws<ArgumentException>(() => ScoreJson.Text(Example(), ["a"]));
    }
}
