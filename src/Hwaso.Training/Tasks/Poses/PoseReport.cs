using System.Globalization;
using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Metrics.Coco;
using Hwaso.Reports;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tasks.Poses;

/// <summary>What the report of a run shows about poses: scores, curves, joints, sizes, and the best and worst people.</summary>
sealed class PoseReport(PoseDataset data, PoseValidator validator, int threads)
{
    const int PeopleShown = 6, PictureHeight = 420;

    /// <summary>Fills the page.</summary>
    public RunReportData Describe(RunReportData page, IReadOnlyList<LoggedValidation> validations)
    {
        var scored = validations.Select(v => (v.Epoch, v.Iteration, Scores: PoseScores.Read(v.Fields), v.Fields)).ToArray();
        if (scored.Length == 0)
            return page;
        var best = scored[0];
        foreach (var other in scored)
            best = other.Scores.IsBetterThan(best.Scores) ? other : best;
        var curves = best.Scores.Shown.Select(shown => new ReportCurve(
            shown.Title, [.. scored.Select(v => (v.Iteration, v.Scores.All.First(s => s.Name == shown.Name).Value ?? double.NaN))]));
        var people = data.Truth is null ? null : validator.WithoutTwins(validator.Estimate());
        return page with
        {
            Headline =
            [
                .. best.Scores.Shown.Select(s => new ReportFigure(s.Title, Text(s.Value), Note: $"epoch {best.Epoch}")),
            ],
            Curves = [.. curves],
            Sections =
            [
                new ReportSection("Scores")
                {
                    Heads = ["score", "value"],
                    Rows = [.. best.Scores.All.Select(s => (string[])[s.Title, Text(s.Value)])],
                },
                .. JointSection(PoseScores.Joints(best.Fields), people),
                .. people is null ? [] : PeopleSections(people),
            ],
        };
    }

    IEnumerable<ReportSection> JointSection(IReadOnlyList<double?> shares, IReadOnlyList<EstimatedPerson>? people)
    {
        if (shares.Count != data.Description.Count || people is null)
            yield break;
        var precision = JointPrecision.Of(data.Truth!, validator.ResultsOf(people), data.Description, threads);
        yield return new ReportSection("Joints")
        {
            Heads = ["joint", "AP of the joint alone", "share near its truth"],
            Rows =
            [
                .. data.Description.Joints.Zip(precision, shares)
                    .Select(j => (string[])[j.First.Replace('_', ' '), Text(j.Second), Text(j.Third)]),
            ],
        };
    }

    IEnumerable<ReportSection> PeopleSections(IReadOnlyList<EstimatedPerson> people)
    {
        var scores = validator.Score(people, threads).Keypoints!;
        var found = scores.People.Where(p => p.Found is not null).OrderByDescending(p => p.Oks).ToArray();
        var missed = scores.People.Count - found.Length;
        if (found.Length == 0)
            yield break;
        yield return Section("Best people", found.Take(PeopleShown));
        yield return Section(
            $"Worst people that were found ({missed} of {scores.People.Count} were not, at a similarity of 0.5)",
            found.Reverse().Take(Math.Min(PeopleShown, Math.Max(0, found.Length - PeopleShown))));
    }

    ReportSection Section(string title, IEnumerable<ScoredPerson> people) => new(title)
    {
        Pictures = [.. people.Select(p => ($"similarity {Text(p.Oks)}, image {p.Image}: truth left, network right", Picture(p)))],
    };

    RgbImage Picture(ScoredPerson person)
    {
        var image = data.People.First(p => p.ImageId == person.Image).ReadImage();
        var crop = PersonCrop.OfBox(person.Truth.Box, 0.75);
        var (width, height) = (PictureHeight * 3 / 4, PictureHeight);
        var map = AffineMap.Of(crop, 0, width, height);
        var (truth, answer) = (ImageWarp.Warp(image, map, width, height), ImageWarp.Warp(image, map, width, height));
        Skeleton.Draw(truth, Moved(person.Truth.Keypoints!), data.Description.Skeleton);
        // The scores of joints are the heat maps' peaks, about 1 where the network is sure.
        Skeleton.Draw(answer, Moved(person.Found!.Keypoints!), data.Description.Skeleton, least: 0.2);
        var both = new RgbImage(2 * width, height);
        for (var y = 0; y < height; y++)
        {
            truth.Pixels.AsSpan(y * width * 3, width * 3).CopyTo(both.Pixels.AsSpan(y * width * 6));
            answer.Pixels.AsSpan(y * width * 3, width * 3).CopyTo(both.Pixels.AsSpan(y * width * 6 + width * 3));
        }
        return both;

        double[] Moved(double[] joints) =>
            [.. joints.Chunk(3).SelectMany(j => map.Map(j[0], j[1]) is var (x, y) ? new[] { x, y, j[2] } : [])];
    }

    static string Text(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "no truth counts";
}
