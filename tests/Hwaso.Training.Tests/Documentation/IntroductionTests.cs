using System.Text.RegularExpressions;
using Hwaso.Checkpoints;
using Hwaso.Imaging;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Documentation.Tests;

public sealed partial class IntroductionTests : TensorTest
{
    [Fact]
    public void Program_on_the_page_is_the_one_that_runs_here()
    {
        var page = Block().Match(File.ReadAllText(RepositoryRoot.File("docs", "introduction.md"))).Groups[1].Value;
        var source = File.ReadAllText(RepositoryRoot.File("tests", "Hwaso.Training.Tests", "Documentation", "Introduction.cs"));
        var usings = string.Concat(
            source.Split('\n').TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal)).Select(line => line + "\n"));
        var body = Body().Match(source).Groups[1].Value;
        var program = string.Join('\n', body.Split('\n').Select(line => line.Length == 0 ? line : line[8..]));
        Assert.Equal(usings + "\n" + program, page);
    }

    [Fact]
    public void Program_learns_and_writes_what_the_page_says()
    {
        var folder = Directory.CreateTempSubdirectory("introduction");
        var (before, console) = (Environment.CurrentDirectory, Console.Out);
        using var said = new StringWriter();
        RandomState.Seed(1);
        try
        {
            Environment.CurrentDirectory = folder.FullName;
            Console.SetOut(said);
            Introduction.Run();
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = before;
        }

        var lines = said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var losses = lines[..24].Select(double.Parse).ToArray();
        // The first loss is about ln 19 ≈ 2.9; twenty-four steps must take a good part of it away.
        Assert.True(losses[^6..].Average() < 0.75 * losses[..6].Average(), string.Join(" ", losses));
        Assert.StartsWith("mIoU ", lines[24], StringComparison.Ordinal);
        Assert.StartsWith("Cost { Macs = ", lines[25], StringComparison.Ordinal);
        var overlay = Png.DecodeRgb(File.ReadAllBytes(Path.Combine(folder.FullName, "labels.png")), "labels.png");
        Assert.Equal((192, 96), (overlay.Width, overlay.Height));
        var saved = TensorFile.Read(Path.Combine(folder.FullName, "streets.safetensors"));
        Assert.Contains("stage4.0.branches.0.0.conv1.weight", saved.Tensors.Keys);
        folder.Delete(recursive: true);
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"public static void Run\(\)\n    \{\n(.*?)^    \}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Body();
}
