using System.Globalization;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Recipes;

namespace Hwaso.Server.Tests.Runs;

/// <summary>Run folders as a training writes them, made by hand: no test of the server has to train.</summary>
static class RunFiles
{
    /// <summary>A network of three classes on a folder of images.</summary>
    public const string RecipeText = """
        name: small
        seed: 7
        model:
          family: hrnetv2
          classes: 3
          stage1: {blocks: 1, channels: 8}
          stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
        data: {layout: folder, root: nowhere}
        augment: {crop: [32, 64]}
        train:
          epochs: 4
          batch: 2
          optimizer: {learning_rate: 0.01}
        """;

    /// <summary>Writes a run of 12 steps in 4 epochs that has done some steps, with a validation after each 6.</summary>
    /// <param name="root">The folder of runs.</param>
    /// <param name="name">Its name.</param>
    /// <param name="steps">Steps done.</param>
    /// <param name="last">The last line of its log; null for none.</param>
    /// <param name="settings">Settings that replace the recipe's.</param>
    public static RunFolder Write(string root, string name, int steps, string? last, params string[] settings)
    {
        var run = new RunFolder(Path.Combine(root, name));
        Directory.CreateDirectory(run.Checkpoints);
        File.WriteAllText(run.Recipe, Recipe.Read(RecipeText, "small.yaml", settings).ToYaml());
        var lines = new List<string>
        {
            "process 1 on somewhere trains here", "4 epochs of 3 steps, 12 steps of 2 images", "step 3: saved checkpoints/last.safetensors",
        };
        if (last is not null)
            lines.Add(last);
        File.WriteAllLines(run.Log, lines.Select((l, k) => $"2026-11-27T10:00:{k:00}+00:00  {l}"));
        File.WriteAllText(run.Metrics, string.Concat(Enumerable.Range(1, steps).SelectMany(Lines)));
        return run;
    }

    /// <summary>The lines of a step in the log of metrics.</summary>
    public static IEnumerable<string> Lines(int step)
    {
        var (epoch, loss) = ((step + 2) / 3, (1.0 / step).ToString(CultureInfo.InvariantCulture));
        yield return $$"""{"iteration":{{step}},"epoch":{{epoch}},"loss":{{loss}},"learning_rate":0.01,"images_per_second":4}""" + "\n";
        // Three classes of 100 pixels; of the first, ten more are right in the second validation.
        if (step % 6 == 0)
            yield return $$"""{"iteration":{{step}},"epoch":{{epoch}},"miou":0.5,"confusion":"""
                + $"[{70 + step},{30 - step},0,0,20,80,0,0,0,0,100,0]}}\n";
    }

    /// <summary>Writes the pictures of a validation.</summary>
    public static void Pictures(RunFolder run, int step, params (string Id, double Miou)[] images)
    {
        var folder = Directory.CreateDirectory(Path.Combine(run.Validation, step.ToString(CultureInfo.InvariantCulture))).FullName;
        File.WriteAllBytes(Path.Combine(folder, "worst-1-image.jpg"), Jpeg.Encode(new RgbImage(8, 8)));
        foreach (var kind in new[] { "truth", "prediction" })
            Png.WriteIndexed(Path.Combine(folder, $"worst-1-{kind}.png"), new LabelMap(8, 8), Palette.Voc);
        File.WriteAllText(Path.Combine(folder, "images.json"), JsonSerializer.Serialize(new
        {
            images = images.Select(i => new { id = i.Id, miou = i.Miou }),
            pictures = new[]
            {
                new
                {
                    group = "worst", id = images[0].Id, miou = images[0].Miou, image = "worst-1-image.jpg", truth = "worst-1-truth.png",
                    prediction = "worst-1-prediction.png",
                },
                new { group = "best", id = "x", miou = 1.0, image = "../../recipe.yaml", truth = "/etc/passwd", prediction = "none.png" },
            },
        }));
    }

    /// <summary>Holds a run's lock, as a trainer does.</summary>
    public static FileStream Hold(RunFolder run) =>
        new(run.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
}
