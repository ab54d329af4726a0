using Hwaso.Nn.Boxes;

namespace Hwaso.Nn.Tests.Boxes;

public sealed class BoxSamplerTests
{
    [Fact]
    public void Draws_at_most_the_share_and_fills_with_background()
    {
        int[] truth = [.. Enumerable.Range(0, 900).Select(k => k % 3 == 0 ? k : k % 3 == 1 ? Assignment.Background : Assignment.Neither)];
        var (positive, negative) = BoxSampler.Sample(truth, 100, 0.25, new Random(3));

        Assert.Equal((25, 75), (positive.Length, negative.Length));
        Assert.All(positive, k => Assert.Equal(0, k % 3));
        Assert.All(negative, k => Assert.Equal(1, k % 3));
        Assert.Equal(positive.Distinct().Order(), positive);
        Assert.Equal(negative.Distinct().Order(), negative);
        Assert.Equal(positive, BoxSampler.Sample(truth, 100, 0.25, new Random(3)).Positive);
        Assert.NotEqual(positive, BoxSampler.Sample(truth, 100, 0.25, new Random(4)).Positive);
    }

    [Fact]
    public void Without_truths_all_is_background()
    {
        var assignment = BoxAssigner.Assign([new Box(0, 0, 5, 5), new Box(9, 9, 20, 20)], [], BoxForm.Authors.ProposalRules, 1);

        Assert.Equal([Assignment.Background, Assignment.Background], assignment.Truth);
        Assert.Empty(BoxAssigner.Assign([], [new Box(0, 0, 5, 5)], BoxForm.Authors.ProposalRules, 1).Truth);
    }

    [Fact]
    public void Boxes_without_pixels_come_from_the_finest_level()
    {
        Assert.Equal(0, BoxForm.Torchvision.LevelOf(new Box(5, 5, 5, 5)));
        Assert.Equal(0, BoxForm.Mmdetection.LevelOf(new Box(float.NaN, 5, 5, 5)));
        Assert.Equal(3, BoxForm.Authors.LevelOf(new Box(0, 0, 1e9f, 1e9f)));
    }
}
