namespace Hwaso.Checkpoints.Tests;

static class Fixture
{
    static readonly string Root = Find();

    /// <summary>A file of tests/fixtures.</summary>
    public static string Of(params string[] parts) => Path.Combine([Root, .. parts]);

    static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hwaso.slnx")))
                return Path.Combine(folder.FullName, "tests", "fixtures");
        }

        throw new DirectoryNotFoundException("tests/fixtures was not found above the test's folder");
    }
}

/// <summary>A folder of its own for a test, deleted after it.</summary>
sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("hwaso-test-").FullName;

    public string File(string name) => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
