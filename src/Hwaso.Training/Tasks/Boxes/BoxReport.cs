using System.Globalization;
using Hwaso.Data.Annotations;
using Hwaso.Data.Boxes;
using Hwaso.Imaging;
using Hwaso.Inference.Boxes;
using Hwaso.Nn.Boxes;
using Hwaso.Reports;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tasks.Boxes;

/// <summary>What the report of a run shows about boxes: scores, curves, categories, pictures, and what was missed.</summary>
sealed class BoxReport(BoxDataset data, BoxValidator validator, int threads)
{
    // Pictures are drawn at the width up to which reports keep them.
    const int PicturesShown = 6, Wide = 640;

    // Detections below this score are not drawn; an object is found by one that overlaps it by half.
    const float Drawn = 0.3f, Half = 0.5f;

    static readonly (byte, byte, byte) missedColour = (255, 0, 0);

    /// <summary>Fills the page.</summary>
    public RunReportData Describe(RunReportData page, IReadOnlyList<LoggedValidation> validations)
    {
        var scored = validations.Select(v => (v.Epoch, v.Iteration, Scores: BoxScores.Read(v.Fields), v.Fields)).ToArray();
        if (scored.Length == 0)
            return page;
        var best = scored[0];
        foreach (var other in scored)
            best = other.Scores.IsBetterThan(best.Scores) ? other : best;
        var found = validator.Find();
        ImageFindings[] images = [.. data.Images.Zip(found, Findings)];
        return page with
        {
            Headline = [.. best.Scores.Shown.Select(s => new ReportFigure(s.Title, Short(s.Value), Note: $"epoch {best.Epoch}"))],
            Curves =
            [
                .. best.Scores.Shown.Select(shown => new ReportCurve(
                    shown.Title,
                    [.. scored.Select(v => (v.Iteration, v.Scores.All.First(s => s.Name == shown.Name).Value ?? double.NaN))])),
            ],
            Sections =
            [
                new ReportSection("Scores")
                {
                    Charts = [Precision(found)],
                    Heads = ["score", "value"],
                    Rows = [.. best.Scores.All.Select(s => (string[])[s.Title, Text(s.Value)])],
                },
                Categories(BoxScores.Categories(best.Fields), images),
                .. Pictures(images),
            ],
        };
    }

    ReportChart Precision(IReadOnlyList<FoundObject[]> found) => new(
        "Precision and recall", "recall in %", "precision",
        [
            .. validator.Score(found, threads).Curves.Select(curve => (
                string.Create(CultureInfo.InvariantCulture, $"overlap {curve.Overlap:0.00}"),
                (IReadOnlyList<(double, double)>)[.. curve.Precision.Select((p, recall) => ((double)recall, p))])),
        ]);

    ReportSection Categories(IReadOnlyList<(string Name, double? Ap)> scores, ImageFindings[] images)
    {
        var (all, missed) = (new int[data.Categories.Count], new int[data.Categories.Count]);
        foreach (var image in images)
            foreach (var (label, isFound) in image.Objects.Zip(image.Found, (o, isFound) => (o.Label, isFound)))
                (all[label], missed[label]) = (all[label] + 1, missed[label] + (isFound ? 0 : 1));
        return new ReportSection("Categories")
        {
            Heads = ["category", "AP", "objects", "missed"],
            Rows = [.. data.Categories.Select((category, label) => (string[])
            [
                category.Name, Text(label < scores.Count ? scores[label].Ap : null), Number(all[label]), Number(missed[label]),
            ])],
        };
    }

    IEnumerable<ReportSection> Pictures(ImageFindings[] images)
    {
        var withObjects = images.Where(i => i.Objects.Length > 0).ToArray();
        if (withObjects.Length == 0)
            yield break;
        yield return Section(
            "Images in which most was found", withObjects.OrderByDescending(i => i.Found.Count(f => f)).ThenBy(i => i.Missed));
        yield return Section("Images in which most was missed", withObjects.OrderByDescending(i => i.Missed).Where(i => i.Missed > 0));
    }

    ReportSection Section(string title, IEnumerable<ImageFindings> images) => new(title)
    {
        Pictures = [.. images.Take(PicturesShown).Select(i => (
            $"image {i.Image.Id}: truth above, missed objects in red; network below, {i.Found.Count(f => f)} of {i.Objects.Length} found",
            Picture(i)))],
    };

    /// <summary>The truth above the network's answer, at the page's width, so that the words on the boxes are legible.</summary>
    RgbImage Picture(ImageFindings findings)
    {
        var stored = findings.Image.Read();
        var (truth, answer) = (Widened(Masked(stored, findings, ofTruth: true)), Widened(Masked(stored, findings, ofTruth: false)));
        double across = (double)answer.Width / stored.Width, down = (double)answer.Height / stored.Height;
        foreach (var (one, found) in findings.Objects.Zip(findings.Found))
            Draw(truth, one.Box, found ? BoxDrawing.ColourOf(one.Label) : missedColour, data.Categories[one.Label].Name);
        foreach (var (box, score, label) in findings.Detections.Where(d => d.Score >= Drawn).OrderBy(d => d.Score))
            Draw(answer, validator.BoxOf(box), BoxDrawing.ColourOf(label),
                string.Create(CultureInfo.InvariantCulture, $"{data.Categories[label].Name} {score:0.00}"));
        return new RgbImage(answer.Width, 2 * answer.Height, [.. truth.Pixels, .. answer.Pixels]);

        void Draw(RgbImage image, CocoBox box, (byte, byte, byte) colour, string word) => BoxDrawing.Draw(
            image, across * box.X, down * box.Y, across * (box.X + box.Width), down * (box.Y + box.Height), colour, word);
    }

    static RgbImage Widened(RgbImage image) =>
        Resize.Bilinear(image, Wide, Math.Max(1, (int)Math.Round((double)image.Height * Wide / image.Width)));

    /// <summary>The image with the masks of its objects, or of its detections, mixed in where the network finds masks.</summary>
    RgbImage Masked(RgbImage stored, ImageFindings findings, bool ofTruth)
    {
        if (!validator.HasMasks)
            return stored;
        var image = new RgbImage(stored.Width, stored.Height, (byte[])stored.Pixels.Clone());
        foreach (var (one, found) in findings.Objects.Zip(findings.Found).Where(o => ofTruth && o.First.Outline is not null))
            MaskDrawing.Draw(image, stored, InstanceMask.MaskOf(one.Outline!, image.Height, image.Width),
                found ? BoxDrawing.ColourOf(one.Label) : missedColour);
        foreach (var one in findings.Detections.Where(d => !ofTruth && d.Score >= Drawn).OrderBy(d => d.Score))
            MaskDrawing.Draw(image, stored, one.MaskOf(image.Height, image.Width)!, BoxDrawing.ColourOf(one.Label));
        return image;
    }

    /// <summary>Which objects a detection of their category, drawn by its score, overlaps by half; each finds one object.</summary>
    ImageFindings Findings(BoxImage image, FoundObject[] detections)
    {
        BoxObject[] objects = [.. image.Objects.Where(o => !o.IsCrowd)];
        var found = new bool[objects.Length];
        Box[] truths = [.. objects.Select(o => Corners(o.Box))];
        foreach (var (box, _, label) in detections.Where(d => d.Score >= Drawn).OrderByDescending(d => d.Score))
        {
            var overlaps = BoxOverlaps.Of([Corners(validator.BoxOf(box))], truths);
            var best = -1;
            for (var k = 0; k < objects.Length; k++)
                if (!found[k] && objects[k].Label == label && overlaps[k] >= Half && (best < 0 || overlaps[k] > overlaps[best]))
                    best = k;
            if (best >= 0)
                found[best] = true;
        }
        return new ImageFindings(image, objects, found, detections);
    }

    static Box Corners(CocoBox box) => new((float)box.X, (float)box.Y, (float)(box.X + box.Width), (float)(box.Y + box.Height));

    static string Text(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "no truth counts";

    // Three digits fit the width of a headline's figure.
    static string Short(double? value) => value?.ToString("0.000", CultureInfo.InvariantCulture) ?? "no truth counts";

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The objects of an image, whether each was found, and the detections.</summary>
    sealed record ImageFindings(BoxImage Image, BoxObject[] Objects, bool[] Found, FoundObject[] Detections)
    {
        public int Missed => Found.Count(f => !f);
    }
}
