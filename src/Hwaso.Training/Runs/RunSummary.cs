using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Common;
using Hwaso.Inference;
using Hwaso.Metrics;
using Hwaso.Recipes;

namespace Hwaso.Training.Runs;

/// <summary>A run in a line: what was trained and what came out. Kept as <c>result.json</c> once the run is finished.</summary>
public sealed record RunSummary
{
    /// <summary>The recipe's name.</summary>
    public required string Name { get; init; }

    /// <summary>The network's name or family.</summary>
    public required string Model { get; init; }

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Whether it was trained to its end.</summary>
    public required bool Finished { get; init; }

    /// <summary>Optimiser steps done; of a run under way those that were logged.</summary>
    public required long Step { get; init; }

    /// <summary>The epoch of the best validation, from 1; 0 before the first.</summary>
    public int BestEpoch { get; init; }

    /// <summary>The scores of the best validation by the names of <see cref="Measure.All"/>, shares of 1; what is not defined is not in it.</summary>
    public required IReadOnlyDictionary<string, double> Scores { get; init; }

    /// <summary>Learnable parameters in training; null while it is under way.</summary>
    public long? Parameters { get; init; }

    /// <summary>Multiply-adds of one image of <see cref="Input"/>; null while it is under way.</summary>
    public long? Macs { get; init; }

    /// <summary>The image size of <see cref="Macs"/>.</summary>
    public SizePx? Input { get; init; }

    /// <summary>Wall-clock time of training; null while it is under way.</summary>
    public double? Seconds { get; init; }

    /// <summary>Training images a second, of the last session.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>What it ran on, such as <c>cpu</c>.</summary>
    public string? Device { get; init; }

    /// <summary>Threads for operators.</summary>
    public int? Threads { get; init; }

    /// <summary>The scores by their names, without those that are not defined.</summary>
    public static IReadOnlyDictionary<string, double> Named(Scores? scores) => scores is null
        ? new Dictionary<string, double>()
        : Measure.All.Where(m => m.Of(scores) is not null).ToDictionary(m => m.Name, m => m.Of(scores)!.Value);

    /// <summary>A run's: what it left when it was finished, or how far it is.</summary>
    /// <exception cref="FileNotFoundException">The folder holds no run.</exception>
    /// <exception cref="RecipeException">Its recipe cannot be read.</exception>
    /// <exception cref="InvalidDataException">Its result cannot be read.</exception>
    public static RunSummary Of(RunFolder run)
    {
        if (File.Exists(run.Result))
            return Read(run.Result);
        if (!File.Exists(run.Recipe))
            throw new FileNotFoundException($"{run.Root}: no run: neither {Path.GetFileName(run.Result)} nor {Path.GetFileName(run.Recipe)} is in it");
        var recipe = Recipes.Recipe.Load(run.Recipe);
        var lines = MetricsLog.Lines(run.Metrics);
        // Whether class 0 is a background is not in the log: the foreground's score comes with the end.
        var best = MetricsLog.ValidationsOf(lines, hasBackground: false).MaxBy(v => v.Point.Scores.Miou ?? -1);
        return new RunSummary
        {
            Name = recipe.Name,
            Model = recipe.Model.Name ?? recipe.Model.Family!,
            Seed = recipe.Seed,
            Finished = false,
            Step = lines.Count == 0 ? 0 : lines[^1].Iteration,
            BestEpoch = best.Point?.Epoch ?? 0,
            Scores = Named(best.Point?.Scores),
        };
    }

    /// <summary>Writes it, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string path)
    {
        var text = Encoding.UTF8.GetBytes(ToJson().ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        AtomicFile.Write(path, text.Length, stream => stream.Write(text));
    }

    /// <summary>Its fields as JSON.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["name"] = Name, ["model"] = Model, ["seed"] = Seed, ["finished"] = Finished, ["step"] = Step, ["best_epoch"] = BestEpoch };
        foreach (var measure in Measure.All)
            if (Scores.TryGetValue(measure.Name, out var score))
                json[measure.Name] = score;
        json["parameters"] = Parameters;
        json["macs"] = Macs;
        json["input"] = Input is { } input ? new JsonArray(input.Height, input.Width) : null;
        json["seconds"] = Seconds;
        json["images_per_second"] = ImagesPerSecond;
        json["device"] = Device;
        json["threads"] = Threads;
        return json;
    }

    static RunSummary Read(string path)
    {
        try
        {
            var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
            return new RunSummary
            {
                Name = json["name"]!.GetValue<string>(),
                Model = json["model"]!.GetValue<string>(),
                Seed = json["seed"]!.GetValue<int>(),
                Finished = json["finished"]!.GetValue<bool>(),
                Step = json["step"]!.GetValue<long>(),
                BestEpoch = json["best_epoch"]!.GetValue<int>(),
                Scores = Measure.All.Where(m => json[m.Name] is not null).ToDictionary(m => m.Name, m => json[m.Name]!.GetValue<double>()),
                Parameters = json["parameters"]?.GetValue<long>(),
                Macs = json["macs"]?.GetValue<long>(),
                Input = json["input"] is JsonArray { Count: 2 } size ? new SizePx(size[0]!.GetValue<int>(), size[1]!.GetValue<int>()) : null,
                Seconds = json["seconds"]?.GetValue<double>(),
                ImagesPerSecond = json["images_per_second"]?.GetValue<double>(),
                Device = json["device"]?.GetValue<string>(),
                Threads = json["threads"]?.GetValue<int>(),
            };
        }
        catch (Exception error) when (error is JsonException or NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: is no run's result: {error.Message} Remove it, and resume the run (hwaso train … --resume) to have it written again", error);
        }
    }
}
