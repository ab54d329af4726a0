using System.Text.Json;

namespace Hwaso.Cli.Tests;

/// <summary><c>hwaso study</c> and <c>hwaso compare</c>, run for real.</summary>
[Collection(WorkshopTests.Name)]
public sealed class StudyTests(Workshop shop)
{
    string Study()
    {
        var path = shop.At("grid.yaml");
        File.WriteAllText(path, $"""
            title: With and without
            recipe: {Path.GetFileName(shop.Recipe)}
            seeds: 1
            baseline: plain
            variants:
              - name: plain
                set:
                  model.attention: none
              - name: spatial
            small:
              set:
                train.epochs: 12
              scenes:
                train: 8
                val: 2
                size: [32, 64]
            """);
        return path;
    }

    string[] Small(string folder) => ["study", Study(), "--small", "--out", shop.At(folder), "--threads", "1", "--device", "cpu"];

    [Fact]
    public void Study_trains_its_grid_into_rows_and_a_second_time_trains_nothing()
    {
        string[] args = [.. Small("grid"), "--set", "train.epochs=1", "--json"];
        var line = CommandLine.Run(args);
        Assert.True(line.Code == 0, line.Error);
        var rows = JsonDocument.Parse(line.Output).RootElement.GetProperty("rows").EnumerateArray().ToArray();

        Assert.Equal(["plain", "spatial"], rows.Select(r => r.GetProperty("name").GetString()));
        Assert.All(rows, r => Assert.InRange(r.GetProperty("miou").GetDouble(), 0, 1));
        Assert.True(rows[0].GetProperty("parameters").GetInt64() < rows[1].GetProperty("parameters").GetInt64());
        string[] files =
            ["table.md", "table.json", "report.html", "plain/seed-7/report.html", "spatial/seed-7/result.json", "scenes/rendered.txt"];
        foreach (var file in files)
            Assert.True(File.Exists(Path.Combine(shop.At("grid"), file)), file);

        var again = CommandLine.Run(args);
        Assert.Equal(line.Output, again.Output);
        Assert.Contains("run 2/2: spatial, seed 7: finished before", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Training", again.Error, StringComparison.Ordinal);
        var text = CommandLine.Run(args[..^1]).Output;
        Assert.Contains("| variant |", text, StringComparison.Ordinal);
        Assert.Contains("| spatial |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_teacher_learns_first_and_tells_the_depth_that_a_variant_learns()
    {
        var study = shop.At("taught.yaml");
        File.WriteAllText(shop.At("two-decoders.yaml"), """
            seed: 7
            model:
              family: unet-resnet-multidecoder
              resnet: {blocks: [1, 1, 1, 1], block: basic, widths: [4, 4, 8, 8], stem_channels: 4}
              unet: {channels: [8, 8, 4, 4, 4]}
            data: {layout: voc, depth: Depth, depth_unit: 100}
            augment: {crop: [32, 64]}
            train: {epochs: 1, batch: 4, optimizer: {name: adam, learning_rate: 0.01} }
            """);
        File.WriteAllText(study, """
            title: True and told
            recipe: two-decoders.yaml
            seeds: 1
            variants:
              - {name: "true"}
              - {name: told, set: {data.depth: Told}}
            small:
              scenes: {layout: voc, train: 4, val: 2, size: [32, 64]}
              teacher:
                set: {train.epochs: 2}
                scenes: {layout: voc, train: 4, val: 1, size: [32, 64], seed: 2}
                depth: Told
            """);
        string[] args = ["study", study, "--small", "--out", shop.At("taught"), "--threads", "1", "--device", "cpu", "--json"];
        var line = CommandLine.Run(args);
        Assert.True(line.Code == 0, line.Error);
        var teacher = JsonDocument.Parse(line.Output).RootElement.GetProperty("teacher");
        // Two steps teach little, but what is told are depths: not one of them the truth itself.
        Assert.InRange(teacher.GetProperty("relative_error").GetDouble(), 0.05, 20);
        Assert.InRange(teacher.GetProperty("within_a_quarter").GetDouble(), 0, 0.95);
        var told = Directory.GetFiles(shop.At("taught/scenes/Told"), "*.png");
        Assert.Equal(4, told.Length);
        Assert.Contains("The teacher's depth is ", File.ReadAllText(shop.At("taught/table.md")), StringComparison.Ordinal);

        // Gone on with, nothing is done twice.
        var times = told.Select(File.GetLastWriteTimeUtc).ToArray();
        var again = CommandLine.Run(args);
        Assert.Equal(line.Output, again.Output);
        Assert.Equal(times, told.Select(File.GetLastWriteTimeUtc));

        // Another teacher: its pupil's run is refused, not kept.
        File.WriteAllText(study, File.ReadAllText(study).Replace("train.epochs: 2", "train.epochs: 3", StringComparison.Ordinal));
        var changed = CommandLine.Run(args);
        Assert.Equal(1, changed.Code);
        Assert.Contains("holds a run of another recipe", changed.Error, StringComparison.Ordinal);
        Directory.Delete(shop.At("taught/teacher/run"), recursive: true);
        var retrained = CommandLine.Run(args);
        Assert.Equal(1, retrained.Code);
        Assert.Contains("holds a run that learned from the depth of an earlier teacher", retrained.Error, StringComparison.Ordinal);

        File.WriteAllText(
            study, File.ReadAllText(study).Replace("layout: voc, train: 4, val: 1", "train: 4, val: 1", StringComparison.Ordinal));
        var wrong = CommandLine.Run(args);
        Assert.Equal(2, wrong.Code);
        Assert.Contains($"{study}:11: small.teacher.scenes: wants 'layout: voc', whose depth is in metres", wrong.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_signal_saves_the_run_under_way_and_the_command_it_prints_goes_on()
    {
        using var process = HwasoProcess.Start(Small("stopped-grid"));
        Assert.True(process.WaitFor("epoch 2/12"));
        process.Send("INT");
        var stopped = process.Finish();

        Assert.Equal(1, stopped.Code);
        var command = stopped.Error.Split("continue with: ")[1].Split('\n')[0].Split(' ');
        Assert.Equal(["hwaso", "study"], command[..2]);
        var resumed = CommandLine.Run(command[1..]);
        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.Contains("continuing after step", resumed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_study_ends_with_2_and_its_line()
    {
        var study = Study();
        File.WriteAllText(study, File.ReadAllText(study).Replace("name: spatial", "name: plain", StringComparison.Ordinal));
        var line = CommandLine.Run("study", study, "--small", "--out", shop.At("wrong-grid"));

        Assert.Equal((2, $"hwaso study: {study}:9: a second variant is called 'plain', first at {study}:6; call one otherwise\n"),
            (line.Code, line.Error));
        Assert.False(Directory.Exists(shop.At("wrong-grid")));
    }

    [Fact]
    public void Compare_tells_scores_and_what_differs_of_runs_finished_or_not()
    {
        var other = shop.Train("other-rate", "--set", "train.optimizer.learning_rate=0.02");
        Assert.True(other.Code == 0, other.Error);
        // One that is under way has no result yet.
        var open = shop.At("under-way");
        Directory.CreateDirectory(open);
        foreach (var file in new[] { "recipe.yaml", "metrics.jsonl" })
            File.Copy(Path.Combine(shop.Run, file), Path.Combine(open, file), overwrite: true);
        var line = CommandLine.Run("compare", shop.Run, shop.At("other-rate"), open, "--json");
        Assert.True(line.Code == 0, line.Error);
        var rows = JsonDocument.Parse(line.Output).RootElement.GetProperty("rows").EnumerateArray().ToArray();

        Assert.Equal([shop.Run, shop.At("other-rate"), open], rows.Select(r => r.GetProperty("run").GetString()));
        Assert.Equal(
            JsonDocument.Parse(shop.Trained.Output).RootElement.GetProperty("miou").GetDouble(), rows[0].GetProperty("miou").GetDouble());
        Assert.Equal(rows[0].GetProperty("miou").GetDouble(), rows[2].GetProperty("miou").GetDouble());
        Assert.Equal([true, true, false], rows.Select(r => r.GetProperty("finished").GetBoolean()));
        Assert.Equal(
            ["0.01", "0.02", "0.01"], rows.Select(r => r.GetProperty("settings").GetProperty("train.optimizer.learning_rate").GetString()));
        Assert.Single(rows[0].GetProperty("settings").EnumerateObject());

        var text = CommandLine.Run("compare", shop.Run, shop.At("other-rate"), open).Output;
        Assert.Contains("| train.optimizer.learning_rate |", text, StringComparison.Ordinal);
        Assert.Contains("6, under way", text, StringComparison.Ordinal);
        // A folder without a run is named, and the others are compared.
        var mixed = CommandLine.Run("compare", shop.Data, shop.Run, shop.At("other-rate"), "--json");
        Assert.Equal(
            (1, $"{shop.Data}: no run: neither result.json nor recipe.yaml is in it\n"), (mixed.Code, mixed.Error));
        var report = JsonDocument.Parse(mixed.Output).RootElement;
        Assert.Equal(
            [shop.Run, shop.At("other-rate")], report.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("run").GetString()));
        Assert.Equal(shop.Data, Assert.Single(report.GetProperty("failed").EnumerateArray()).GetProperty("run").GetString());
        var nothing = CommandLine.Run("compare", shop.Data);
        Assert.Equal(
            (1, $"hwaso compare: {shop.Data}: no run: neither result.json nor recipe.yaml is in it\n"), (nothing.Code, nothing.Error));
    }
}
