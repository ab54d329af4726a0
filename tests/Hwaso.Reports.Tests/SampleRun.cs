using Hwaso.Metrics;

namespace Hwaso.Reports.Tests;

/// <summary>The report data of a run that could have been.</summary>
static class SampleRun
{
    public static RunReportData Make(int iterations = 2400, int pictures = 6)
    {
        var random = new Random(5);
        var loss = new List<LossPoint>();
        for (var i = 1; i <= iterations; i++)
        {
            var value = 0.24 + 2.5 * Math.Exp(-i / (iterations * 0.11)) + (0.25 + 0.6 * Math.Exp(-i / (iterations * 0.2)))
                * random.NextDouble();
            loss.Add(new(i, i == iterations / 3 ? double.NaN : i % 531 == 0 ? value + 9 : value,
                0.01 * Math.Pow(1 - (i - 1.0) / iterations, 0.9)));
        }
        var scenes = Enumerable.Range(1, pictures).Select(seed => new SampleScene(seed, 512, 256)).ToList();
        var matrix = new ConfusionMatrix(19);
        foreach (var scene in scenes)
            matrix.Add(scene.Truth.Labels, scene.Prediction.Labels);
        var final = Scores.Of(matrix);
        return new()
        {
            Title = "Street scenes, first light",
            Subtitle = "HRNetV2-W18-small-v1 with polarized self-attention (spatial), 19 classes of rendered streets",
            Classes = SampleScene.Classes,
            Recipe =
            [
                new("model", "hrnetv2-w18-small-v1+psa-spatial"), new("data", "scenes, 400 train / 60 val"), new("crop", "256×512"),
                new("batch", "8"), new("optimizer", "SGD, momentum 0.9, weight decay 0.0001"), new("learning rate", "0.01, poly 0.9"),
                new("epochs", "12"), new("seed", "1"), new("augmentation", "scale 0.5–2, flip, crop"),
            ],
            Figures = new()
            {
                Parameters = 1_573_219,
                MultiplyAdds = 5_240_000_000,
                InputSize = "256×512",
                TrainingTime = TimeSpan.FromSeconds(252),
                ImagesPerSecond = 19.2,
                Device = "CPU, 2 threads",
            },
            Loss = loss,
            Validations = [.. Enumerable.Range(1, 12).Select(epoch => Validation(epoch, iterations, final))],
            Scores = final,
            Confusion = matrix,
            Examples = [.. scenes.Select((s, i) => Example(s, i))],
            Finished = new DateTimeOffset(2025, 3, 14, 15, 9, 26, TimeSpan.Zero),
        };
    }

    static ValidationPoint Validation(int epoch, int iterations, Scores final)
    {
        var rise = 1 - Math.Exp(-epoch / 3.2) + 0.012 * Math.Sin(epoch * 2.1);
        return new(epoch, (long)iterations * epoch / 12, final with
        {
            Miou = final.Miou * rise,
            PixelAccuracy = final.PixelAccuracy * (0.45 + 0.55 * rise),
            MeanAccuracy = final.MeanAccuracy * rise,
        });
    }

    static ExamplePicture Example(SampleScene scene, int i)
    {
        var matrix = new ConfusionMatrix(19);
        matrix.Add(scene.Truth.Labels, scene.Prediction.Labels);
        return new($"street_{i:000000}_leftImg8bit.png", scene.Input, scene.Truth, scene.Prediction, Scores.Of(matrix).Miou);
    }
}
