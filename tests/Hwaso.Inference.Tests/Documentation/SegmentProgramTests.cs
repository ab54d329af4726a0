using System.Text.RegularExpressions;
using Hwaso.Imaging;
using Hwaso.Inference.Tests;
using Hwaso.Tests;

namespace Documentation.Tests;

public sealed partial class SegmentProgramTests : TensorTest
{
    [Fact]
    public void Program_on_the_page_is_the_one_that_runs_here()
    {
        var page = Block().Match(File.ReadAllText(RepositoryRoot.File("docs", "inference.md"))).Groups[1].Value;
        var source = File.ReadAllText(RepositoryRoot.File("tests", "Hwaso.Inference.Tests", "Documentation", "SegmentProgram.cs"));
        var usings = string.Concat(
            source.Split('\n').TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal)).Select(line => line + "\n"));
        var program =
            string.Join('\n', Body().Match(source).Groups[1].Value.Split('\n').Select(line => line.Length == 0 ? line : line[8..]));
        Assert.Equal(usings + "\n" + program, page);
    }

    [Fact]
    public void Program_writes_the_labels_of_the_run_in_its_colours()
    {
        using var run = new SmallRun();
        var before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = run.Folder;
            SegmentProgram.Run();
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
        var file = Path.Combine(run.Folder, "labels.png");
        using var segmenter = Hwaso.Inference.Segmenter.Open(run.Root);
        Assert.Equal(segmenter.Segment(run.Image).Labels, Png.ReadLabels(file).Labels);
        Assert.Equal(
            (250, 170, 30), ((int)Png.Info(file).Palette![6].R, (int)Png.Info(file).Palette![6].G, (int)Png.Info(file).Palette![6].B));
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"public static void Run\(\)\n    \{\n(.*?)^    \}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Body();
}
