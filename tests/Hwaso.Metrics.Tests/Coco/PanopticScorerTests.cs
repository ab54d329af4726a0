using System.Text.Json;
using Hwaso.Data;
using Hwaso.Data.Panoptic;
using Hwaso.Metrics.Coco;
using Hwaso.Tests;

namespace Hwaso.Metrics.Tests.Coco;

/// <summary>Panoptic quality against cocodataset/panopticapi (benchmarks/peers/panoptic.py), and by hand.</summary>
public sealed class PanopticScorerTests : IDisposable
{
    // A quotient of whole numbers and a mean of a few.
    const double Tolerance = 1e-12;

    static readonly PanopticCategory[] two = [new(3, "car", true), new(8, "sky", false)];

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-panoptic").FullName;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Scores_are_those_of_panopticapi(int threads)
    {
        var (truth, found) = (Read("truth.json"), Read("found.json"));
        var scores = PanopticScorer.Score(truth, found, threads);
        var expected = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("panoptic/quality.json"))).RootElement;
        Check("All", scores.All);
        Check("Things", scores.Things);
        Check("Stuff", scores.Stuff);
        foreach (var each in scores.ByCategory)
            Near(expected.GetProperty("per_class").GetProperty($"{each.Category.Id}"), each.Quality);
        Assert.Equal(4, scores.Images);

        void Check(string name, PanopticQuality own)
        {
            Near(expected.GetProperty(name), own);
            Assert.Equal(expected.GetProperty(name).GetProperty("n").GetInt32(), own.Categories);
        }
    }

    [Fact]
    public void A_truth_scores_one_against_itself_without_its_crowds()
    {
        var truth = Read("truth.json");
        var found = truth with
        {
            Entries = [.. truth.Entries.Select(e => e with { Segments = [.. e.Segments.Select(s => s with { IsCrowd = false })] })],
        };
        var scores = PanopticScorer.Score(truth, found);
        Assert.Equal((1, 1, 1), (scores.All.Pq, scores.All.Sq, scores.All.Rq));
    }

    [Fact]
    public void Void_crowds_and_half_an_overlap_count_as_COCO_says()
    {
        // Of one car 3 of 4 pixels are found, of the other exactly half, which is no match; a guess on void is excused.
        Score("1111 2222 00", "1110 0022 33", (1, 0.75, 1, 1));
        // Pixels of a guess on void are not in the union.
        Score("1111 00 2222", "1111 11 0000", (1, 1, 1, 0));
        // A guess that lies mostly on a crowd of its category is excused; of another category it is not.
        Score("1111 2222 00", "0000 3333 00", (0, 0, 1, 0), crowd: 2);
        Score("1111 2222 00", "0000 4444 00", (0, 0, 1, 0), crowd: 2, sky: 1);

        void Score(
            string truth, string found, (int Matched, double Sq, int Missed, int Invented) car, int crowd = 0, int sky = 0)
        {
            var tally = new PanopticTally(two);
            tally.Add(Map(truth, id => new PanopticSegment(id, 3, id == crowd)), Map(found, id => new PanopticSegment(id, id == 4 ? 8 : 3)));
            var (cars, skies) = (tally.Scores().ByCategory[0], tally.Scores().ByCategory[1]);
            Assert.Equal((car.Matched, car.Missed, car.Invented), (cars.Matched, cars.Missed, cars.Invented));
            Assert.Equal(car.Sq, cars.Quality.Sq, Tolerance);
            Assert.Equal(sky, skies.Invented);
        }
    }

    [Fact]
    public void No_category_that_counts_is_minus_one() =>
        Assert.Equal((-1, -1, -1, 0), new PanopticTally(two).Scores().All switch { var q => (q.Pq, q.Sq, q.Rq, q.Categories) });

    [Fact]
    public void Files_that_do_not_fit_are_refused_by_name()
    {
        var truth = Read("truth.json");
        var found = Read("found.json");
        Refused("has no entry for image 2", truth, found with { Entries = [.. found.Entries.Where(e => e.ImageId != 2)] });
        Refused("which", truth, found with { Entries = [.. found.Entries.Select(e => e with { Segments = [.. e.Segments.Skip(1)] })] });
        Refused("category 5 is not among the 5 categories 1, 2, 3, 7, 9", truth, found with
        {
            Entries = [.. found.Entries.Select(e => e with { Segments = [.. e.Segments.Select(s => s with { CategoryId = 5 })] })],
        });
        var path = Path.Combine(folder, "bad.json");
        foreach (var (text, words) in new[]
        {
            ("[]", "a list; COCO's panoptic form"), ("{}", "has no 'annotations'"),
            ("""{"annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": [{"id": 0, "category_id": 1}]}]}""", "segment 0;"),
            ("""{"annotations": [], "categories": [{"id": 1, "name": "a"}]}""", "a category without 'isthing'"),
        })
        {
            File.WriteAllText(path, text);
            Assert.Contains(words, Assert.Throws<DatasetException>(() => PanopticFile.Read(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var truth = Read("truth.json");
        var categories = truth.Categories.Select(c => c.Id).ToHashSet();
        var path = Path.Combine(folder, "copy.json");
        using (var writer = new PanopticWriter(path))
        {
            foreach (var entry in truth.Entries)
                writer.Add(entry.ImageId, Path.GetFileNameWithoutExtension(entry.FileName), truth.MapOf(entry, categories));
            writer.Finish(truth.Categories);
        }
        var copy = PanopticFile.Read(path);
        Assert.Equal(truth.Categories, copy.Categories);
        foreach (var (one, other) in truth.Entries.Zip(copy.Entries))
        {
            Assert.Equal(truth.MapOf(one, categories).Ids, copy.MapOf(other, categories).Ids);
            Assert.Equal(one.Segments, other.Segments);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    static void Refused(string words, PanopticFile truth, PanopticFile found) =>
        Assert.Contains(words, Assert.Throws<DatasetException>(() => PanopticScorer.Score(truth, found, 2)).Message, StringComparison.Ordinal);

    static PanopticFile Read(string name) => PanopticFile.Read(Fixtures.Path($"panoptic/{name}"));

    static PanopticMap Map(string digits, Func<int, PanopticSegment> segment)
    {
        int[] ids = [.. digits.Where(char.IsDigit).Select(c => c - '0')];
        return new PanopticMap(ids.Length, 1, ids, [.. ids.Distinct().Where(id => id > 0).Select(segment)]);
    }

    static void Near(JsonElement expected, PanopticQuality own)
    {
        Assert.Equal(expected.GetProperty("pq").GetDouble(), own.Pq, Tolerance);
        Assert.Equal(expected.GetProperty("sq").GetDouble(), own.Sq, Tolerance);
        Assert.Equal(expected.GetProperty("rq").GetDouble(), own.Rq, Tolerance);
    }
}
