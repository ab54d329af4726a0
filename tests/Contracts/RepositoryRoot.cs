namespace Hwaso.Tests;

/// <summary>The checkout the tests were built from, found by its solution file.</summary>
static class RepositoryRoot
{
    public static string File(params ReadOnlySpan<string> parts)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "Hwaso.slnx"))) folder = folder.Parent;
        Assert.NotNull(folder);
        return Path.Combine([folder.FullName, .. parts]);
    }
}
