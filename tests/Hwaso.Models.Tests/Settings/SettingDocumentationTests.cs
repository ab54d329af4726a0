using System.Text.RegularExpressions;
using Hwaso.Models.Attention;
using Hwaso.Models.Networks;
using Hwaso.Tests;

namespace Hwaso.Models.Tests.Settings;

/// <summary>The page of recipes says of a network's keys what the network's own settings say.</summary>
public sealed partial class SettingDocumentationTests
{
    static readonly string page = File.ReadAllText(RepositoryRoot.File("docs", "recipes.md"));

    [Fact]
    public void Page_has_the_row_of_every_setting_of_every_network_and_no_other()
    {
        var general = Recipes.Recipe.Keys.Select(key => $"| `{key}` |").ToList();
        var told = Row().Matches(page).Select(match => match.Value)
            .Where(row => !general.Exists(key => row.StartsWith(key, StringComparison.Ordinal))).ToList();
        var rows = Zoo.Networks.Settings.Select(s => $"| `model.{s.Key}` | {s.Type} | – | {s.Meaning} |").ToList();

        // To mend the page, replace its rows by these.
        Assert.True(rows.Order(StringComparer.Ordinal).SequenceEqual(told.Order(StringComparer.Ordinal)),
            $"docs/recipes.md should have\n{string.Join('\n', rows)}");
    }

    [Fact]
    public void Page_names_every_attention_module_and_every_family()
    {
        Assert.All(AttentionModule.All, module => Assert.Contains($"`{module.Name}`", page, StringComparison.Ordinal));
        Assert.All(Zoo.Networks.BySizes, network => Assert.Contains($"`{network.Name}`", page, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^\| `model\.[a-z0-9_.]+` \| .+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
