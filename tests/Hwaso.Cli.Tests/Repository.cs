namespace Hwaso.Cli.Tests;

/// <summary>Finds the checkout that the tests were built from.</summary>
static class Repository
{
    /// <summary>The folder that holds Hwaso.slnx, looked for upward from the test assembly.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    static string Find(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Hwaso.slnx")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"{start}: no folder above it holds Hwaso.slnx");
    }
}
