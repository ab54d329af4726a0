using Hwaso.Data.Converting;
using Hwaso.Data.Depth;
using Hwaso.Data.Layouts;

namespace Hwaso.Data.Checking;

/// <summary>Reads every file of a data set and lists all problems.</summary>
public static class DatasetCheck
{
    /// <summary>Checks train and val.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="threads">Threads that read.</param>
    /// <param name="progress">Receives the number of finished images and of all images; called from any thread.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="ArgumentException">The layout is not known.</exception>
    /// <exception cref="DatasetException">The folder is not there.</exception>
    public static DatasetReport Run(string layout, string root, int threads = 1, Action<int, int>? progress = null,
        CancellationToken stop = default) =>
        Run(layout, root, ["train", "val"], threads, progress, stop: stop);

    /// <summary>Checks the splits named.</summary>
    /// <inheritdoc cref="Run(string, string, int, Action{int, int}?, CancellationToken)"/>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="splits">The splits.</param>
    /// <param name="threads">Threads that read.</param>
    /// <param name="progress">Receives the number of finished images and of all images; called from any thread.</param>
    /// <param name="channels">Channels that images must have; 3 for anything that is read as colours.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="ArgumentException">The layout is not known, or a split is named twice.</exception>
    public static DatasetReport Run(
        string layout, string root, IReadOnlyList<string> splits, int threads = 1, Action<int, int>? progress = null,
        int channels = 3, CancellationToken stop = default)
    {
        Folders.Require(root, $"a data set of layout {layout}");
        if (splits.GroupBy(split => split).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"split '{twice.Key}' is named twice; name each split once");
        var classes = Datasets.ClassesOf(layout, root);
        var tally = new Tally(classes, splits);
        var opened = new List<(string Name, SegmentationDataset Data)>();
        foreach (var split in splits)
            try
            {
                opened.Add((split, Datasets.OpenLeniently(layout, root, split, problem => tally.Add([problem]))));
            }
            catch (DatasetException error)
            {
                tally.Add([new DatasetProblem(error.Path, ProblemKind.MissingSplit, error.Problem)]);
            }
        foreach (var (split, data) in opened)
            foreach (var sample in data.Samples)
                tally.Seen(sample, split);
        RawAnnotations.Check(layout, root, problem => tally.Add([problem]));

        var work = opened.SelectMany(s =>
        {
            var disparity = DisparityOf(s.Data, root, s.Name);
            return s.Data.Samples.Select(sample => new SampleCheck(s.Data, s.Name, sample, disparity, tally, channels));
        }).ToArray();
        var done = 0;
        Parallel.ForEach(work, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = stop }, check =>
        {
            check.Run();
            progress?.Invoke(Interlocked.Increment(ref done), work.Length);
        });
        return tally.Report(layout, opened.Select(s => KeyValuePair.Create(s.Name, s.Data.Samples.Count)).ToArray(), work.Length);
    }

    static DisparityFolder? DisparityOf(SegmentationDataset data, string root, string split) =>
        data is CityscapesDataset && Folders.Cityscapes(root, "disparity") is not null ? new DisparityFolder(root, split) : null;
}
