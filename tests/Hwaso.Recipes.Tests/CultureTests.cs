using System.Globalization;

namespace Hwaso.Recipes.Tests;

public sealed class CultureTests
{
    // eng/cultures.sh sets the variable beside the culture itself: a culture that did not arrive would test nothing.
    [Fact]
    public void Tests_run_under_the_culture_that_was_asked_for() =>
        Assert.Equal(Environment.GetEnvironmentVariable("HWASO_CULTURE") ?? "", CultureInfo.CurrentCulture.Name);
}
