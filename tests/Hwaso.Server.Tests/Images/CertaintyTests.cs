using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Runtime.Tests;
using Hwaso.Server.Images;

namespace Hwaso.Server.Tests.Images;

/// <summary>Labels with their probabilities, in 16 bits, against the formulas in double precision.</summary>
public sealed class CertaintyTests
{
    const int Width = 41, Height = 27;

    // Rounding to steps of 1 / 255, and single precision beside it.
    const double Tolerance = (0.5 / 255) + 1e-4;

    [Fact]
    public async Task Classes_have_the_probability_of_softmax()
    {
        await using var server = await TestServer.StartAsync();
        using var model = SegmentationModel.Load(StreetModel.File(), "street");
        var expected = model.Segment(StreetModel.Image(Width, Height), Width, Height, withScores: true);

        var (labels, shares) = Split(await (await server.Post(
            "/v1/models/street/segment?as=probability", TestServer.Picture(Width, Height), "image/png")).Bytes());

        Assert.Equal(expected.Labels, labels);
        for (var k = 0; k < labels.Length; k++)
        {
            double[] exponentials = [.. Enumerable.Range(0, StreetModel.Classes).Select(
                c => Math.Exp(expected.Scores![(c * labels.Length) + k]))];
            Assert.Equal(exponentials[labels[k]] / exponentials.Sum(), shares[k], Tolerance);
        }
    }

    [Fact]
    public void Scores_that_are_probabilities_stay_as_they_are()
    {
        var labels = new LabelMap(2, 1, [1, 0]);

        var (_, shares) = Split(Certainty.Encode(labels, [0.25f, 0.6f, 0.75f, 0.4f], null));

        Assert.Equal(0.75, shares[0], Tolerance);
        Assert.Equal(0.6, shares[1], Tolerance);
    }

    [Theory]
    [InlineData(OneChannel.Logit, 1.5f, 0.8175745)]
    [InlineData(OneChannel.Probability, 0.3f, 0.3)]
    public void One_channel_has_the_probability_of_the_class_that_the_threshold_chose(OneChannel kind, float value, double second)
    {
        var labels = new LabelMap(2, 1, [1, 0]);

        var (given, shares) = Split(Certainty.Encode(labels, [0, 0, value, value], kind));

        Assert.Equal([1, 0], given);
        Assert.Equal(second, shares[0], Tolerance);
        Assert.Equal(1 - second, shares[1], Tolerance);
    }

    [Fact]
    public async Task A_network_that_answers_labels_has_none_and_scores_may_need_too_much_memory()
    {
        await using var labels = await TestServer.StartAsync(file: StreetModel.File(labels: true, TestServer.Metadata));
        await using var small = await TestServer.StartAsync(s => s with { MaxRunBytes = 1 << 20 });

        foreach (var (server, word) in new[] { (labels, "no scores"), (small, "as=png") })
        {
            var answer = await server.Post("/v1/models/street/segment?as=probability", TestServer.Picture(300, 200), "image/png");
            Assert.Equal(422, (int)answer.StatusCode);
            Assert.Contains(word, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    static (byte[] Labels, double[] Shares) Split(ReadOnlyMemory<byte> png)
    {
        var image = Png.DecodeGray16(png.Span, "answer");
        return ([.. image.Values.Select(v => (byte)(v >> 8))], [.. image.Values.Select(v => (v & 255) / 255.0)]);
    }
}
