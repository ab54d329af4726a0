namespace Hwaso.Recipes.Tests;

public sealed class NearNameTests
{
    [Theory]
    [InlineData("batch", "bacth", "; did you mean 'batch'?")]
    [InlineData("learning_rate", "Learning-Rate", "; did you mean 'learning_rate'?")]
    [InlineData("momentum", "decay", "")]
    public void A_name_is_proposed_when_at_most_a_third_of_its_letters_differ(string name, string given, string hint) =>
        Assert.Equal(hint, NearName.Hint(given, ["x", name]));

    [Fact]
    public void Several_names_are_proposed_nearest_first_and_three_at_most()
    {
        Assert.Equal("; did you mean 'train' or 'trains'?", NearName.HintOfSeveral("trainz", ["evaluate", "trains", "train"]));
        Assert.Equal("; did you mean 'export-a' or 'export-b' or 'export-c'?",
            NearName.HintOfSeveral("exp", ["export-a", "export-b", "export-c", "export-dd"]));
        Assert.Equal("", NearName.HintOfSeveral("zzz", ["evaluate"]));
    }

    [Fact]
    public void The_nearest_are_listed_however_far_away_they_are() =>
        Assert.Equal(["hrnetv2-w18", "hrnetv2-w18-ocr"],
            NearName.Nearest("hrnetv2-w19", ["dinov2-vits14", "hrnetv2-w18-ocr", "hrnetv2-w18"], 2));
}
