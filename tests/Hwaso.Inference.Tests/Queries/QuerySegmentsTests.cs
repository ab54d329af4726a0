using System.Text.Json;
using Hwaso.Checkpoints;
using Hwaso.Inference.Queries;
using Hwaso.Tests;

namespace Hwaso.Inference.Tests.Queries;

/// <summary>
/// Instances and panoptic segments against plain loops in double precision (benchmarks/peers/panoptic.py); no recorded pixel is so near a
/// threshold that single precision could decide otherwise.
/// </summary>
public sealed class QuerySegmentsTests
{
    // Sums of some hundred probabilities in single precision, each known to 1e-7.
    const double Tolerance = 1e-6;

    static readonly JsonElement recorded = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("panoptic/queries.json"))).RootElement;

    static readonly IReadOnlyDictionary<string, HostTensor> tensors = TensorFile.Read(Fixtures.Path("panoptic/queries.safetensors")).Tensors;

    static readonly HashSet<int> things = [.. recorded.GetProperty("things").EnumerateArray().Select(t => t.GetInt32())];

    static readonly QueryLimits limits = new() { Most = recorded.GetProperty("most").GetInt32() };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Instances_and_segments_are_those_of_plain_loops(int number)
    {
        var (expected, answer) = (recorded.GetProperty("cases")[number], Answer(number));
        Check(expected.GetProperty("instances"), QuerySegments.Instances(answer, limits));
        Check(expected.GetProperty("things"), QuerySegments.Instances(answer, limits, things));

        var map = QuerySegments.Panoptic(answer, things, limits);
        Assert.Equal(tensors[$"case{number}.panoptic"].ToFloats().Select(id => (int)id), map.Ids);
        Assert.Equal(
            expected.GetProperty("segments").EnumerateArray().Select(s => (s.GetProperty("id").GetInt32(), s.GetProperty("class").GetInt64())),
            map.Segments.Select(s => (s.Id, s.CategoryId - 1)));
    }

    [Fact]
    public void Nothing_is_found_where_no_query_is_sure()
    {
        var answer = Answer(0);
        var map = QuerySegments.Panoptic(answer, things, new QueryLimits { Score = 1 });
        Assert.Empty(map.Segments);
        Assert.All(map.Ids, id => Assert.Equal(0, id));
        Assert.Empty(QuerySegments.Instances(answer, new QueryLimits { Most = 0 }));
    }

    static void Check(JsonElement expected, FoundInstance[] found)
    {
        // Masks without a pixel can match nothing and are left out.
        JsonElement[] wanted = [.. expected.EnumerateArray().Where(e => e.GetProperty("area").GetInt64() > 0)];
        Assert.Equal(
            wanted.Select(e => (e.GetProperty("query").GetInt32(), e.GetProperty("class").GetInt32(), e.GetProperty("area").GetInt64())),
            found.Select(f => (f.Query, f.Label, f.Mask.Area)));
        Assert.Equal(
            wanted.Select(e => string.Join(" ", e.GetProperty("box").EnumerateArray())),
            found.Select(f => $"{f.Mask.Box.X} {f.Mask.Box.Y} {f.Mask.Box.Width} {f.Mask.Box.Height}"));
        Assert.Equal(wanted.Select(e => e.GetProperty("places").GetInt64()), found.Select(Places));
        foreach (var (one, own) in wanted.Zip(found))
            Assert.Equal(one.GetProperty("score").GetDouble(), own.Score, Tolerance);
    }

    /// <summary>The sum of the places of a mask's pixels, row by row.</summary>
    static long Places(FoundInstance found)
    {
        var (mask, sum, at) = (found.Mask, 0L, 0L);
        for (var k = 0; k < mask.Counts.Length; at += mask.Counts[k++])
            for (var p = at; k % 2 != 0 && p < at + mask.Counts[k]; p++)
                sum += p % mask.Height * mask.Width + p / mask.Height;
        return sum;
    }

    static QueryAnswer Answer(int number)
    {
        (int, int) Size(string name) => (recorded.GetProperty(name)[0].GetInt32(), recorded.GetProperty(name)[1].GetInt32());
        var masks = tensors[$"case{number}.masks"];
        return new QueryAnswer(
            tensors[$"case{number}.classes"].ToFloats(), masks.ToFloats(), (int)masks.Shape[0], ((int)masks.Shape[1], (int)masks.Shape[2]),
            Size("padded"), Size("image"), Size("image"));
    }
}
