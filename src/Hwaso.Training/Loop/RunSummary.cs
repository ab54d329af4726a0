using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Common;
using Hwaso.Recipes;

namespace Hwaso.Training.Loop;

/// <summary>A run in a line: what was trained and what came out. Kept as <c>result.json</c> once the run is finished.</summary>
public sealed record RunSummary
{
    const string LastBeforeScores = "best_epoch", FirstAfterScores = "parameters";

    /// <summary>The recipe's name.</summary>
    public required string Name { get; init; }

    /// <summary>The network's name or family.</summary>
    public required string Model { get; init; }

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Whether it was trained to its end.</summary>
    public required bool Finished { get; init; }

    /// <summary>Optimiser steps done; of a run under way, the last that was logged.</summary>
    public required long Step { get; init; }

    /// <summary>The epoch of the best validation, from 1; 0 before the first.</summary>
    public int BestEpoch { get; init; }

    /// <summary>The scores of the best validation by name, in the task's order; those without a value are left out.</summary>
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

    /// <summary>The scores of a validation by name, without those that have no value.</summary>
    public static IReadOnlyDictionary<string, double> Named(Validation? validation) => new OrderedDictionary<string, double>(
        (validation?.All ?? []).Where(s => s.Value is not null).Select(s => KeyValuePair.Create(s.Name, s.Value!.Value)));

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
        var json = new JsonObject { ["name"] = Name, ["model"] = Model, ["seed"] = Seed, ["finished"] = Finished, ["step"] = Step };
        json[LastBeforeScores] = BestEpoch;
        foreach (var (name, score) in Scores)
            json[name] = score;
        json[FirstAfterScores] = Parameters;
        json["macs"] = Macs;
        json["input"] = Input is { } input ? new JsonArray(input.Height, input.Width) : null;
        json["seconds"] = Seconds;
        json["images_per_second"] = ImagesPerSecond;
        json["device"] = Device;
        json["threads"] = Threads;
        return json;
    }

    /// <summary>Reads a finished run's.</summary>
    /// <exception cref="InvalidDataException">It is no run's result.</exception>
    public static RunSummary Read(string path)
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
                BestEpoch = json[LastBeforeScores]!.GetValue<int>(),
                Scores = new OrderedDictionary<string, double>(
                    json.SkipWhile(f => f.Key != LastBeforeScores).Skip(1).TakeWhile(f => f.Key != FirstAfterScores)
                        .Select(f => KeyValuePair.Create(f.Key, f.Value!.GetValue<double>()))),
                Parameters = json[FirstAfterScores]?.GetValue<long>(),
                Macs = json["macs"]?.GetValue<long>(),
                Input = json["input"] is JsonArray { Count: 2 } size
                    ? new SizePx(size[0]!.GetValue<int>(), size[1]!.GetValue<int>()) : null,
                Seconds = json["seconds"]?.GetValue<double>(),
                ImagesPerSecond = json["images_per_second"]?.GetValue<double>(),
                Device = json["device"]?.GetValue<string>(),
                Threads = json["threads"]?.GetValue<int>(),
            };
        }
        catch (Exception error) when (error is JsonException or NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException(
                $"{path}: is no run's result: {error.Message} "
                + "Remove it, and resume the run (hwaso train … --resume) to have it written again", error);
        }
    }
}
