namespace Hwaso.Tests;

/// <summary>
/// Texts that a person has looked at: <c>tests/Approved/</c>. A test compares what the program gives now with the approved text. To approve
/// a change, look at it and run the test again with <c>HWASO_APPROVE=1</c>.
/// </summary>
static class Approved
{
    /// <summary>Fails where a text differs from the approved one, and names the first line that does.</summary>
    /// <param name="name">The file below <c>tests/Approved</c>, such as <c>help/train.txt</c>.</param>
    /// <param name="actual">The text as it is now.</param>
    public static void Check(string name, string actual) => CheckFile(actual, "tests", "Approved", name);

    /// <summary>The same for a file that the program makes and that lies elsewhere, such as a drawing in docs.</summary>
    /// <param name="actual">The text as it is now.</param>
    /// <param name="parts">The file's path from the root of the checkout.</param>
    public static void CheckFile(string actual, params ReadOnlySpan<string> parts)
    {
        var path = RepositoryRoot.File(parts);
        var name = string.Join('/', parts);
        actual = actual.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("HWASO_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }
        var approved = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        if (approved == actual)
            return;
        var (was, now) = (approved.Split('\n'), actual.Split('\n'));
        var line = was.Zip(now).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.Fail($"{name}:{line + 1} differs.\n  approved: {At(was, line)}\n  now:      {At(now, line)}\n"
            + "To approve the change, run this test with HWASO_APPROVE=1.");
    }

    static string At(string[] lines, int line) => line < lines.Length ? lines[line] : "(no line)";
}
