using Hwaso.Metrics;
using Hwaso.Recipes;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Studies;

/// <summary>A variant with what came out.</summary>
/// <param name="Variant">The variant.</param>
/// <param name="Parameters">Learnable parameters of what is deployed.</param>
/// <param name="Macs">Its multiply-adds for one image: convolution and linear layers.</param>
/// <param name="Input">The image size of <paramref name="Macs"/>.</param>
/// <param name="Runs">The runs that are finished, by seed.</param>
public sealed record StudyRow(StudyVariant Variant, long Parameters, long Macs, SizePx Input, IReadOnlyList<RunSummary> Runs)
{
    /// <summary>A score over the finished runs.</summary>
    public Spread Of(Measure measure) => Spread.Of(Runs.Where(r => r.Scores.ContainsKey(measure.Name)).Select(r => r.Scores[measure.Name]));

    /// <summary>By how much a score is above another row's, seed by seed.</summary>
    public Spread Above(StudyRow other, Measure measure) => Spread.Of(
        from run in Runs
        join theirs in other.Runs on run.Seed equals theirs.Seed
        where run.Scores.ContainsKey(measure.Name) && theirs.Scores.ContainsKey(measure.Name)
        select run.Scores[measure.Name] - theirs.Scores[measure.Name]);
}
