using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;

namespace Hwaso.Data.Tests.Poses;

public sealed class PoseDescriptionTests
{
    [Fact]
    public void Cocos_own_category_has_Cocos_description()
    {
        var category = new CocoCategory(1, "person")
        {
            Keypoints = PoseDescription.Coco.Joints,
            Skeleton = [.. PoseDescription.Coco.Skeleton.Select(b => (b.From + 1, b.To + 1))],
        };

        var description = PoseDescription.Of(File(category), category);

        Assert.Equal(PoseDescription.Coco.FlipPairs, description.FlipPairs);
        Assert.Equal(PoseDescription.Coco.Sigmas, description.Sigmas);
        Assert.Equal(PoseDescription.Coco.UpperBody, description.UpperBody);
        Assert.Equal(PoseDescription.Coco.Skeleton, description.Skeleton);
    }

    [Theory]
    [InlineData(1, 2, 2, 3, "flip_pairs[1]: [2, 3] is not mutual")]
    [InlineData(1, 1, 2, 3, "flip_pairs[0]: [1, 1] is not mutual")]
    [InlineData(1, 2, 3, 4, "flip_pairs[1]: names joint 4; the category has joints 1 to 3")]
    [InlineData(0, 2, 3, 1, "flip_pairs[0]: names joint 0")]
    public void Pairs_that_are_not_mutual_or_not_there_are_named(int a, int b, int c, int d, string wanted)
    {
        var category = new CocoCategory(7, "hand") { Keypoints = ["wrist", "thumb", "tip"], FlipPairs = [(a, b), (c, d)] };

        var error = Assert.Throws<DatasetException>(() => PoseDescription.Of(File(category), category));

        Assert.Contains("category 7 (hand)", error.Message, StringComparison.Ordinal);
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Spreads_and_bones_have_to_fit_the_joints()
    {
        var category = new CocoCategory(7, "hand") { Keypoints = ["wrist", "left_tip", "right_tip"] };
        string Message(CocoCategory wrong) => Assert.Throws<DatasetException>(() => PoseDescription.Of(File(wrong), wrong)).Message;

        Assert.Contains("sigmas: holds 2 spreads for 3 joints", Message(category with { Sigmas = [0.1, 0.2] }), StringComparison.Ordinal);
        Assert.Contains("skeleton[0]: names joint 9", Message(category with { Skeleton = [(1, 9)] }), StringComparison.Ordinal);
        Assert.Contains("'wrist' is listed 2 times", Message(category with { Keypoints = ["wrist", "wrist"] }), StringComparison.Ordinal);
        Assert.Equal([(1, 2)], PoseDescription.Of(File(category), category).FlipPairs);
    }

    static CocoFile File(CocoCategory category) => new("annotations.json", [], [category], []);
}
