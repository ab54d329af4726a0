using Hwaso.Cli.Verbs;

namespace Hwaso.Cli.Tests;

/// <summary>The help pages are the texts in tests/Approved/help, at which someone has looked.</summary>
public sealed class HelpPageTests
{
    static readonly string folder = Path.Combine(Repository.Root, "tests", "Approved", "help");

    // "" is the page of the command itself.
    static IEnumerable<string> Verbs =>
    [
        "",
        .. VerbList.All.Select(verb => verb.Command.Name),
        .. VerbList.All.OfType<VerbGroup>().SelectMany(group => group.Verbs.Select(verb => $"{group.Command.Name} {verb.Command.Name}")),
    ];

    public static TheoryData<string> Pages => [.. Verbs];

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_help_page_is_the_approved_one(string verb)
    {
        var line = CommandLine.Run(verb.Length > 0 ? [.. verb.Split(' '), "--help"] : ["--help"]);
        Assert.Equal((0, ""), (line.Code, line.Error));
        var file = FileOf(verb);
        if (Environment.GetEnvironmentVariable("HWASO_APPROVE") == "1")
            File.WriteAllText(file, line.Output);
        var approved = File.Exists(file) ? File.ReadAllText(file) : "";
        Assert.True(
            line.Output == approved,
            $"hwaso {verb} --help differs from {file}: read the page; to accept it, run this test with HWASO_APPROVE=1 and commit the "
                + $"file.\n{line.Output}");
    }

    [Fact]
    public void Every_approved_page_is_one_of_the_command() =>
        Assert.Equal(Verbs.Select(FileOf).Order(StringComparer.Ordinal), Directory.GetFiles(folder).Order(StringComparer.Ordinal));

    // Command lines are not broken, so that they can be copied, and neither are the names of an option's choices.
    [Theory]
    [MemberData(nameof(Pages))]
    public void A_help_page_fits_100_columns(string verb) =>
        Assert.All(
            File.ReadLines(FileOf(verb))
                .Where(line => !line.StartsWith("  hwaso ", StringComparison.Ordinal) && !line.Contains("|voc|", StringComparison.Ordinal)),
            line => Assert.InRange(line.Length, 0, 100));

    static string FileOf(string verb) => Path.Combine(folder, $"{(verb.Length > 0 ? verb.Replace(' ', '-') : "hwaso")}.txt");
}
