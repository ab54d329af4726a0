using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Metrics.Scoring;

namespace Hwaso.Metrics.Tests.Scoring;

public sealed class FolderScorerTests : IDisposable
{
    // Scoring them takes a second; noticing the error takes no time.
    const int Pairs = 4000;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-scorer").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void An_error_in_the_first_pair_ends_the_work_of_all_threads()
    {
        var labels = At("labels.png");
        Png.WriteGray(labels, new LabelMap(32, 32));
        LabelPair[] pairs =
        [
            new("first", At("missing.png"), labels),
            .. Enumerable.Range(0, Pairs).Select(k => new LabelPair($"{k}", labels, labels)),
        ];
        var done = 0;
        var scorer = new FolderScorer(ClassList.Numbered(2), LabelTable.Plain(2));
        Assert.ThrowsAny<IOException>(() => scorer.Score(pairs, new ScoreOptions(), threads: 2, progress: d => done = Math.Max(done, d)));
        Assert.True(done < Pairs, $"all {done} pairs were scored before the error was told");
    }

    [Fact]
    public void The_highest_prediction_tells_training_indices_from_label_values()
    {
        var (indices, ids) = (At("indices.png"), At("ids.png"));
        Png.WriteGray(indices, new LabelMap(3, 1, [0, 18, 255]));
        Png.WriteGray(ids, new LabelMap(3, 1, [7, 33, 0]));
        var scorer = new FolderScorer(ClassList.Cityscapes, LabelTable.CityscapesIds);
        Assert.Equal(-1, scorer.HighestPrediction);
        scorer.Score([new("a", indices, ids)], new ScoreOptions());
        Assert.Equal(18, scorer.HighestPrediction);
    }

    string At(string name) => Path.Combine(folder, name);
}
