namespace Hwaso.Tests;

/// <summary>Where recorded facts lie: tests/fixtures of the checkout that the tests were built in.</summary>
static class Fixtures
{
    public static string Path(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Directory.Exists(System.IO.Path.Combine(folder.FullName, "tests", "fixtures")))
                return System.IO.Path.Combine(folder.FullName, "tests", "fixtures", name);
        throw new DirectoryNotFoundException("tests/fixtures was not found above the tests");
    }
}
