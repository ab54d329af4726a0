using Hwaso.Data.Panoptic;

namespace Hwaso.Metrics.Coco;

/// <summary>
/// Panoptic quality by COCO's rules (Kirillov et al., "Panoptic segmentation", CVPR 2019; cocodataset/panopticapi): a found segment matches
/// a true one of its category where their intersection over union, void left out, is above ½.
/// </summary>
/// <param name="categories">The categories of the truth.</param>
public sealed class PanopticTally(IReadOnlyList<PanopticCategory> categories)
{
    const double Half = 0.5;

    readonly Dictionary<long, Counts> counts = categories.ToDictionary(c => c.Id, _ => new Counts());

    /// <summary>The images counted.</summary>
    public int Images { get; private set; }

    /// <summary>Counts an image.</summary>
    /// <param name="truth">Its true segments.</param>
    /// <param name="found">Those that a network found; segments without pixels are none.</param>
    /// <exception cref="ArgumentException">The sizes differ, or a category is not known.</exception>
    public void Add(PanopticMap truth, PanopticMap found)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(found);
        if (truth.Width != found.Width || truth.Height != found.Height)
            throw new ArgumentException($"segments of {found.Width}×{found.Height} pixels beside a truth of {truth.Width}×{truth.Height}; "
                + "equal sizes were wanted");
        if (truth.Segments.Concat(found.Segments).FirstOrDefault(s => !counts.ContainsKey(s.CategoryId)) is { } stray)
            throw new ArgumentException($"segment {stray.Id} of category {stray.CategoryId}, which is none of the {counts.Count} categories");
        var (trueAreas, foundAreas, shared) = (truth.Areas(), found.Areas(), Shared(truth.Ids, found.Ids));
        PanopticSegment[] guesses = [.. found.Segments.Where(s => foundAreas.ContainsKey(s.Id))];
        var (matchedTruths, matchedGuesses) = (new HashSet<int>(), new HashSet<int>());
        foreach (var one in truth.Segments.Where(s => !s.IsCrowd))
            foreach (var guess in guesses.Where(g => g.CategoryId == one.CategoryId))
            {
                if (!shared.TryGetValue((one.Id, guess.Id), out var both))
                    continue;
                var union = foundAreas[guess.Id] + trueAreas[one.Id] - both - shared.GetValueOrDefault((PanopticMap.Void, guess.Id));
                var overlap = (double)both / union;
                // At most one guess overlaps a truth so far, and the other way round.
                if (!(overlap > Half))
                    continue;
                counts[one.CategoryId].Matched(overlap);
                matchedTruths.Add(one.Id);
                matchedGuesses.Add(guess.Id);
            }
        var crowds = new Dictionary<long, int>();
        foreach (var one in truth.Segments.Where(s => !matchedTruths.Contains(s.Id)))
            if (one.IsCrowd)
                crowds[one.CategoryId] = one.Id;
            else
                counts[one.CategoryId].Missed++;
        foreach (var guess in guesses.Where(g => !matchedGuesses.Contains(g.Id)))
        {
            // What lies mostly on void and on a crowd of its category does not count.
            var excused = shared.GetValueOrDefault((PanopticMap.Void, guess.Id))
                + (crowds.TryGetValue(guess.CategoryId, out var crowd) ? shared.GetValueOrDefault((crowd, guess.Id)) : 0);
            if (!((double)excused / foundAreas[guess.Id] > Half))
                counts[guess.CategoryId].Invented++;
        }
        Images++;
    }

    /// <summary>Takes in the counts of other images.</summary>
    /// <param name="other">Their tally, of the same categories; unchanged.</param>
    public void Add(PanopticTally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach (var (id, those) in other.counts)
            counts[id].Add(those);
        Images += other.Images;
    }

    /// <summary>The scores of the images so far.</summary>
    public PanopticScores Scores()
    {
        CategoryQuality[] each = [.. categories.Select(c => counts[c.Id].Of(c))];
        return new PanopticScores(Mean(each), Mean(each.Where(c => c.Category.IsThing)), Mean(each.Where(c => !c.Category.IsThing)), each)
        {
            Images = Images,
        };
    }

    // Categories that are neither in the truth nor found do not count.
    static PanopticQuality Mean(IEnumerable<CategoryQuality> each)
    {
        CategoryQuality[] counted = [.. each.Where(c => c.Matched + c.Missed + c.Invented > 0)];
        return counted.Length == 0 ? new PanopticQuality(-1, -1, -1, 0) : new PanopticQuality(
            counted.Average(c => c.Quality.Pq), counted.Average(c => c.Quality.Sq), counted.Average(c => c.Quality.Rq), counted.Length);
    }

    static Dictionary<(int Truth, int Found), long> Shared(int[] truth, int[] found)
    {
        var shared = new Dictionary<(int, int), long>();
        for (var p = 0; p < truth.Length;)
        {
            var (pair, from) = ((truth[p], found[p]), p);
            while (p < truth.Length && truth[p] == pair.Item1 && found[p] == pair.Item2)
                p++;
            shared[pair] = shared.GetValueOrDefault(pair) + p - from;
        }
        return shared;
    }

    sealed class Counts
    {
        double overlaps;
        long matches;

        public long Missed { get; set; }

        public long Invented { get; set; }

        public void Matched(double overlap)
        {
            overlaps += overlap;
            matches++;
        }

        public void Add(Counts other)
        {
            (overlaps, matches) = (overlaps + other.overlaps, matches + other.matches);
            (Missed, Invented) = (Missed + other.Missed, Invented + other.Invented);
        }

        public CategoryQuality Of(PanopticCategory category)
        {
            var all = matches + Half * (Missed + Invented);
            var quality = all == 0 ? new PanopticQuality(0, 0, 0, 0)
                : new PanopticQuality(overlaps / all, matches == 0 ? 0 : overlaps / matches, matches / all, 1);
            return new CategoryQuality(category, quality, matches, Missed, Invented);
        }
    }
}

/// <summary>Panoptic quality and its two factors, 0 to 1; −1 where no category counts.</summary>
/// <param name="Pq">Panoptic quality: the mean of the categories' sums of overlaps ÷ (matches + ½ missed + ½ invented).</param>
/// <param name="Sq">Segmentation quality: the mean overlap of matches.</param>
/// <param name="Rq">Recognition quality: matches ÷ (matches + ½ missed + ½ invented).</param>
/// <param name="Categories">The categories in the means.</param>
public sealed record PanopticQuality(double Pq, double Sq, double Rq, int Categories);

/// <summary>The quality of a category; zeros where it is neither in the truth nor found, and then in no mean.</summary>
/// <param name="Category">The category.</param>
/// <param name="Quality">Its quality.</param>
/// <param name="Matched">Segments found.</param>
/// <param name="Missed">True segments that were not found.</param>
/// <param name="Invented">Found segments that are not in the truth.</param>
public sealed record CategoryQuality(PanopticCategory Category, PanopticQuality Quality, long Matched, long Missed, long Invented);

/// <summary>COCO's panoptic scores.</summary>
/// <param name="All">Of all categories.</param>
/// <param name="Things">Of those whose objects are told apart.</param>
/// <param name="Stuff">Of the others.</param>
/// <param name="ByCategory">Of each category, in the truth's order.</param>
public sealed record PanopticScores(
    PanopticQuality All, PanopticQuality Things, PanopticQuality Stuff, IReadOnlyList<CategoryQuality> ByCategory)
{
    /// <summary>The images scored.</summary>
    public int Images { get; init; }
}
