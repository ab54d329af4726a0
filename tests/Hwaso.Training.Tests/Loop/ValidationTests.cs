using System.Text.Json.Nodes;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Which of two validations is the better one.</summary>
public sealed class ValidationTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_score_that_is_no_number_is_never_the_best_and_any_number_replaces_it(double? value)
    {
        foreach (var lowerIsBetter in new[] { false, true })
        {
            var none = Of(value, lowerIsBetter);
            Assert.False(none.IsBetterThan(null));
            Assert.False(none.IsBetterThan(none));
            Assert.False(none.IsBetterThan(Of(0, lowerIsBetter)));
            Assert.True(Of(0, lowerIsBetter).IsBetterThan(none));
        }
    }

    [Fact]
    public void Zero_is_the_best_until_something_is_better()
    {
        Assert.True(Of(0).IsBetterThan(null));
        Assert.False(Of(0).IsBetterThan(Of(0)));
        Assert.True(Of(1e-4).IsBetterThan(Of(0)));
        Assert.False(Of(1e-4, lowerIsBetter: true).IsBetterThan(Of(0, lowerIsBetter: true)));
    }

    static Validation Of(double? value, bool lowerIsBetter = false)
    {
        var score = new Score("score", "Score", value, lowerIsBetter);
        return new Validation { All = [score], Shown = [score], Fields = new JsonObject() };
    }
}
