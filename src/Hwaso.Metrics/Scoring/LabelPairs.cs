using System.Text.RegularExpressions;
using Hwaso.Data;
using Hwaso.Data.Layouts;

namespace Hwaso.Metrics.Scoring;

/// <summary>Finds the prediction of every truth on disk.</summary>
public static partial class LabelPairs
{
    const string IdsEnd = "_labelIds.png";

    static readonly HashSet<string> kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        "pred", "preds", "prediction", "predictions", "predicted", "output", "gt", "truth", "label", "labels", "labelIds", "mask", "masks",
        "seg", "segmentation", "annotation",
    };

    /// <summary>
    /// Matches label PNGs by name: the path below the folder or, where that does not fit, the file's own name, both without extension;
    /// last, the name without words that say what a file is, such as pred and gt. Two files are a pair whatever they are called; a path
    /// may end in a pattern with one star; names are then the texts that the star stands for.
    /// </summary>
    /// <param name="predictions">A file, a folder, or a pattern.</param>
    /// <param name="truth">The same.</param>
    /// <param name="note">Receives remarks that are not errors.</param>
    /// <exception cref="DatasetException">There is nothing, a truth has no prediction, or more than one fits.</exception>
    public static IReadOnlyList<LabelPair> ByName(string predictions, string truth, Action<string>? note = null)
    {
        var truths = LabelFiles.Of(truth, "true label PNGs");
        return ByName(predictions, [.. truths.Select(t => (t.Name, t.Path))], truth, note);
    }

    /// <summary>Matches the label files of a data set's split by name.</summary>
    /// <inheritdoc cref="ByName(string, string, Action{string}?)"/>
    public static IReadOnlyList<LabelPair> OfSplit(string predictions, SegmentationDataset truth, Action<string>? note = null)
    {
        ArgumentNullException.ThrowIfNull(truth);
        Sample[] labelled = [.. truth.Samples.Where(s => s.LabelPath is not null)];
        var pairs = ByName(predictions, [.. labelled.Select(s => (s.Id, s.LabelPath!))], truth.Name, note);
        // Numbers of segments mean something else in each file.
        return truth is not CocoPanopticDataset ? pairs
            : [.. pairs.Zip(labelled, (pair, sample) => pair with { Table = truth.TableOf(sample) })];
    }

    /// <summary>
    /// Matches as cityscapesScripts does: the truth is every <c>*_labelIds.png</c>; its prediction the one PNG whose name begins with its
    /// <c>CITY_SEQUENCE_FRAME</c>, in whatever folder.
    /// </summary>
    /// <inheritdoc cref="ByName(string, string, Action{string}?)"/>
    public static IReadOnlyList<LabelPair> Cityscapes(string predictions, string truth, Action<string>? note = null)
    {
        var all = LabelFiles.Of(truth, "Cityscapes' true *_labelIds.png");
        var truths = all.Where(t => t.Path.EndsWith(IdsEnd, StringComparison.Ordinal)).Select(t => (Name: FrameOf(t.Path), t.Path))
            .ToArray();
        if (truths.Length == 0)
            throw new DatasetException(truth,
                $"{all.Count} PNGs but no *{IdsEnd}; Cityscapes is scored on label ids, its train ids will not do");
        if (truths.FirstOrDefault(t => t.Name is null) is { Path: { } odd })
            throw new DatasetException(odd, "its name does not begin with CITY_SEQUENCE_FRAME, such as aachen_000000_000019");
        var found = LabelFiles.Of(predictions, "predicted label PNGs").Select(p => (Name: FrameOf(p.Path), p.Path))
            .Where(p => p.Name is not null).ToLookup(p => p.Name!, p => p.Path);
        if (LabelFiles.IsOne(predictions) && LabelFiles.IsOne(truth))
            return [new LabelPair(truths[0].Name!, predictions, truth, InstancesOf(truth))];
        var pairs = truths.Select(t => (Truth: t, Found: found[t.Name!].ToArray())).ToArray();
        RefuseMissing(predictions, [.. pairs.Where(p => p.Found.Length == 0).Select(p => p.Truth.Path)], pairs.Length, path =>
            FrameOf(path) + "*.png");
        if (pairs.FirstOrDefault(p => p.Found.Length > 1) is { Found: { } several } twice)
            throw new DatasetException(twice.Truth.Path,
                $"{several.Length} predictions are called {twice.Truth.Name}*.png: {several[0]} and {several[1]}; leave one of them");
        Tell(note, found.Sum(g => g.Count()) - pairs.Length, predictions);
        return [.. pairs.Select(p => new LabelPair(p.Truth.Name!, p.Found[0], p.Truth.Path, InstancesOf(p.Truth.Path)))];
    }

    static LabelPair[] ByName(string predictions, (string Name, string Path)[] truths, string truth, Action<string>? note)
    {
        var files = LabelFiles.Of(predictions, "predicted label PNGs");
        if (LabelFiles.IsOne(predictions) && truths.Length == 1)
            return [new LabelPair(truths[0].Name, predictions, truths[0].Path)];
        var byPath = files.ToDictionary(f => f.Name, f => f.Path, StringComparer.Ordinal);
        var byName = files.ToLookup(f => Path.GetFileName(f.Name), f => f.Path, StringComparer.Ordinal);
        var twice = truths.GroupBy(t => Path.GetFileName(t.Name), StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key)
            .ToHashSet(StringComparer.Ordinal);
        var bare = files.ToLookup(f => BareName(f.Name), f => f.Path, StringComparer.OrdinalIgnoreCase);
        var bareTwice = truths.GroupBy(t => BareName(t.Name), StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g => g.Key)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        string[] Found(string name) => byPath.TryGetValue(name, out var path) ? [path] : twice.Contains(Path.GetFileName(name)) ? []
            : byName.Contains(Path.GetFileName(name))
                ? [.. byName[Path.GetFileName(name)]]
                : bareTwice.Contains(BareName(name)) ? []
                : [.. bare[BareName(name)]];
        var pairs = truths.Select(t => (Truth: t, Found: Found(t.Name))).ToArray();
        RefuseMissing(predictions, [.. pairs.Where(p => p.Found.Length == 0).Select(p => p.Truth.Path)], pairs.Length, path =>
            Path.GetFileNameWithoutExtension(path) + ".png");
        if (pairs.FirstOrDefault(p => p.Found.Length > 1) is { Found: { } several } doubled)
            throw new DatasetException(doubled.Truth.Path, $"{several.Length} predictions have its name: {several[0]} and {several[1]}; "
                + $"keep them in folders as the truth's in {truth}, or leave one of them");
        Tell(note, files.Count - pairs.Length, predictions);
        return [.. pairs.Select(p => new LabelPair(p.Truth.Name, p.Found[0], p.Truth.Path))];
    }

    /// <summary>A file's name without words such as pred and gt.</summary>
    static string BareName(string name) =>
        string.Join('_', Path.GetFileName(name).Split('_', '-', '.', ' ').Where(part => !kinds.Contains(part)));

    static void RefuseMissing(string predictions, string[] missing, int all, Func<string, string> wanted)
    {
        if (missing.Length > 0)
            throw new DatasetException(predictions,
                $"{missing.Length} of {all} truths have no prediction in it; the first is {missing[0]}, for which {wanted(missing[0])} "
                    + "was wanted; predict the others too, or name the truth of one split (--split)");
    }

    static void Tell(Action<string>? note, int more, string predictions)
    {
        if (more > 0)
            note?.Invoke($"{predictions}: {more} PNG{(more == 1 ? " has" : "s have")} no truth and "
                + $"{(more == 1 ? "is" : "are")} not scored");
    }

    static string? InstancesOf(string truth)
    {
        var path = truth[..^IdsEnd.Length] + "_instanceIds.png";
        return truth.EndsWith(IdsEnd, StringComparison.Ordinal) && File.Exists(path) ? path : null;
    }

    static string? FrameOf(string path) => Frame().Match(Path.GetFileName(path)) is { Success: true } match ? match.Value : null;

    [GeneratedRegex(@"^.+?_[0-9]+_[0-9]+(?![0-9])")]
    private static partial Regex Frame();
}

/// <summary>A prediction on disk with its truth.</summary>
/// <param name="Name">The name of both; unique among the pairs.</param>
/// <param name="Prediction">The predicted label PNG.</param>
/// <param name="Truth">The true label PNG.</param>
/// <param name="Instances">The true instance PNG, if there is one.</param>
public sealed record LabelPair(string Name, string Prediction, string Truth, string? Instances = null)
{
    /// <summary>The meaning of the true file's values where each file has its own; null where the data set's files are alike.</summary>
    public LabelTable? Table { get; init; }
}
