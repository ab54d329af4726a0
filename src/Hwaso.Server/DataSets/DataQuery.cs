using System.Globalization;
using Hwaso.Data;
using Hwaso.Inference;
using Hwaso.Server.Http;
using Hwaso.Server.Runs;
using Microsoft.AspNetCore.Http;

namespace Hwaso.Server.DataSets;

/// <summary>Which images are wanted, in which order: the address of a list of images.</summary>
/// <param name="Split">Their split; null for all.</param>
/// <param name="Class">A class that is in them; null for any.</param>
/// <param name="Problem">A kind of problem that they have, or <c>any</c>; null for images with and without.</param>
/// <param name="Order">Their order.</param>
/// <param name="Wrong">The mIoU of a run on each, by name; null where no run was named.</param>
/// <param name="Offset">Images to leave out at the beginning.</param>
/// <param name="Limit">The most images.</param>
sealed record DataQuery(
    string? Split, int? Class, string? Problem, ImageOrder Order, IReadOnlyDictionary<string, double>? Wrong, int Offset, int Limit)
{
    const int MostImages = 200, UsualImages = 60;

    /// <summary>The kind of problem in words: <c>SizeMismatch</c> is <c>size_mismatch</c>.</summary>
    public static string Word(ProblemKind kind) => string.Concat(
        kind.ToString().Select((c, k) => char.IsUpper(c) ? (k > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));

    /// <summary>Reads the address.</summary>
    /// <exception cref="RequestFailure">A value is none of its kind (400), or the run is not there (404).</exception>
    public static DataQuery Of(HttpRequest request, DataFolder data, RunStore runs)
    {
        var split = Text(request, "split");
        if (split is not null && !data.Splits.Contains(split))
            throw RequestFailure.BadRequest($"split={RequestFailure.Shown(split)}: {string.Join(" or ", data.Splits)} was wanted");
        var problem = Text(request, "problem");
        if (problem is not null and not "any" && !Enum.GetValues<ProblemKind>().Any(k => Word(k) == problem))
            throw RequestFailure.BadRequest($"problem={RequestFailure.Shown(problem)}: any, or one of "
                + $"{string.Join(", ", Enum.GetValues<ProblemKind>().Select(Word))} was wanted");
        var run = Text(request, "run");
        RunFolder? folder = run is null ? null : runs.Find(run);
        var order = Text(request, "order") switch
        {
            "name" => ImageOrder.Name,
            "suspicious" or null => folder is null ? ImageOrder.Suspicious : ImageOrder.Wrong,
            "wrong" when folder is not null => ImageOrder.Wrong,
            "wrong" => throw RequestFailure.BadRequest("order=wrong: needs run=NAME, the run whose errors count"),
            var other => throw RequestFailure.BadRequest($"order={RequestFailure.Shown(other)}: name, suspicious or wrong was wanted"),
        };
        return new DataQuery(
            split, Whole(request, "class", data.Classes.Count - 1), problem, order, folder is null ? null : RunPictures.Scores(folder),
            Whole(request, "offset", int.MaxValue) ?? 0, Math.Max(1, Whole(request, "limit", MostImages) ?? UsualImages));
    }

    /// <summary>All images that fit, in order; the page is a part of them.</summary>
    public IReadOnlyList<DataImage> Run(DataFolder data)
    {
        var fitting = data.All.Where(i => Split is null || i.Split == Split);
        if (Class is { } k)
            fitting = fitting.Where(i => data.Scan.ContentOf(i)?.Classes.Any(c => c.Class == k) == true);
        if (Problem is { } kind)
            fitting = fitting.Where(i => data.Scan.ProblemsOf(i).Any(p => kind == "any" || Word(p.Kind) == kind));
        // Sorting keeps the data set's order among equals.
        return Order switch
        {
            ImageOrder.Suspicious => [.. fitting.OrderByDescending(i => Badness(data, i))],
            // Only the images of one split were seen by the run.
            ImageOrder.Wrong => [.. fitting.Where(i => Wrong!.ContainsKey(i.Sample.Id)).OrderBy(i => Wrong![i.Sample.Id])],
            _ => [.. fitting],
        };
    }

    // As the check's own list of worst pictures: unreadable, unfitting, without meaning, then by the share that is ignored.
    static double Badness(DataFolder data, DataImage image)
    {
        var worst = data.Scan.ProblemsOf(image).Select(p => p.Kind switch
        {
            ProblemKind.BrokenFile or ProblemKind.MissingFile => 4.0,
            ProblemKind.SizeMismatch => 3,
            ProblemKind.UnknownLabel or ProblemKind.NothingLabelled => 2,
            _ => 1.5,
        }).DefaultIfEmpty().Max();
        return Math.Max(worst, data.Scan.ContentOf(image) is { } content ? (double)content.Ignored / content.Pixels : 0);
    }

    static string? Text(HttpRequest request, string name) => request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    static int? Whole(HttpRequest request, string name, int most)
    {
        if (Text(request, name) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= most ? value
            : throw RequestFailure.BadRequest(
                FormattableString.Invariant($"{name}={RequestFailure.Shown(text)}: a whole number from 0 to {most} was wanted"));
    }
}

/// <summary>Orders of images.</summary>
enum ImageOrder
{
    Name,
    Suspicious,
    Wrong,
}
