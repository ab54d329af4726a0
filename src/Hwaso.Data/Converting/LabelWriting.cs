using System.Collections.Concurrent;
using Hwaso.Imaging;

namespace Hwaso.Data.Converting;

/// <summary>Writes label PNGs in parallel; a source that cannot be used becomes a problem, and its image is left out.</summary>
sealed class LabelWriting(string folder, Palette palette, int threads, Action<int, int>? progress, CancellationToken stop)
{
    readonly ConcurrentBag<DatasetProblem> problems = [];
    readonly ConcurrentDictionary<string, bool> written = new(StringComparer.Ordinal);

    /// <summary>The images whose labels were written.</summary>
    public IReadOnlySet<string> Written => written.Keys.ToHashSet(StringComparer.Ordinal);

    /// <summary>The sources that could not be used, by path.</summary>
    public IReadOnlyList<DatasetProblem> Problems => [.. problems.OrderBy(p => p.Path, StringComparer.Ordinal)];

    /// <summary>Writes the labels of every image.</summary>
    /// <param name="images">The images' names.</param>
    /// <param name="source">The file behind a name, for messages.</param>
    /// <param name="read">Reads the labels of one.</param>
    public void Write(IReadOnlyList<string> images, Func<string, string> source, Func<string, LabelMap> read)
    {
        Directory.CreateDirectory(folder);
        var done = 0;
        Parallel.ForEach(images, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = stop }, name =>
        {
            try
            {
                Png.WriteIndexed(Path.Combine(folder, name + ".png"), read(name), palette);
                written[name] = true;
            }
            catch (DatasetException error)
            {
                problems.Add(new DatasetProblem(error.Path, ProblemKind.BrokenFile, error.Problem));
            }
            catch (IOException error) when (!File.Exists(source(name)))
            {
                problems.Add(new DatasetProblem(source(name), ProblemKind.MissingFile, error.Message));
            }
            progress?.Invoke(Interlocked.Increment(ref done), images.Count);
        });
    }
}

/// <summary>The result of preparing a data set.</summary>
/// <param name="Labels">Label PNGs written.</param>
/// <param name="Lists">The lists written, with the images of each.</param>
/// <param name="Problems">Files that could not be used, and were left out.</param>
public sealed record ConversionSummary(int Labels, IReadOnlyList<KeyValuePair<string, int>> Lists, IReadOnlyList<DatasetProblem> Problems);
