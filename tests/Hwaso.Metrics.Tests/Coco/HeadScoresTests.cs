using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Data.Poses;
using Hwaso.Metrics.Coco;
using Hwaso.Tests;

namespace Hwaso.Metrics.Tests.Coco;

/// <summary>Against the table of the authors' mpii.py.</summary>
public sealed class HeadScoresTests : IDisposable
{
    readonly string scratch = Directory.CreateTempSubdirectory("hwaso-mpii").FullName;

    public void Dispose() => Directory.Delete(scratch, recursive: true);

    [Fact]
    public void Shares_are_those_of_the_authors_code()
    {
        var recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path("pose/mpii/expected.json")))!["pckh"]!;
        var truth = MpiiTruth.Read(Fixtures.Path("pose/mpii"));

        var scores = HeadScores.Of(truth, MpiiTruth.ReadPredictions(Json(Predictions()), truth.Joints.Count), "predictions");

        foreach (var (key, value) in new[]
                 {
                     ("Head", scores.Head), ("Shoulder", scores.Shoulder), ("Elbow", scores.Elbow), ("Wrist", scores.Wrist),
                     ("Hip", scores.Hip), ("Knee", scores.Knee), ("Ankle", scores.Ankle), ("Mean", scores.Mean),
                     ("Mean@0.1", scores.MeanStrict),
                 })
            Assert.Equal(recorded[key]!.GetValue<double>(), value!.Value, 1e-9);
    }

    [Theory]
    [InlineData(8, 16, "the truth has 9")]
    [InlineData(9, 15, "15 joints; 16 were wanted")]
    public void Predictions_of_other_people_or_joints_are_an_error(int people, int joints, string wanted)
    {
        var truth = MpiiTruth.Read(Fixtures.Path("pose/mpii"));
        var path = Json(Predictions().Take(people).Select(p => p.Take(joints)));

        var error = Assert.Throws<DatasetException>(() => HeadScores.Of(truth, MpiiTruth.ReadPredictions(path, 16), path));

        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    static IEnumerable<IEnumerable<float[]>> Predictions()
    {
        // The file has a header of its length, then the numbers: preds_zero_based [9, 16, 3] at its end.
        var bytes = File.ReadAllBytes(Fixtures.Path("pose/mpii/predictions.safetensors"));
        var numbers = bytes.AsMemory(bytes.Length - 9 * 16 * 3 * sizeof(float));
        return Enumerable.Range(0, 9).Select(n => Enumerable.Range(0, 16).Select(j => Enumerable.Range(0, 3).Select(c =>
            BinaryPrimitives.ReadSingleLittleEndian(numbers.Span[(((n * 16 + j) * 3 + c) * sizeof(float))..])).ToArray()));
    }

    string Json(IEnumerable<IEnumerable<float[]>> people)
    {
        var path = Path.Combine(scratch, $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, JsonSerializer.Serialize(people));
        return path;
    }
}
