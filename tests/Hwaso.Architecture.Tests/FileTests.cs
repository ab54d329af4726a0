using Hwaso.Tests;

namespace Hwaso.Architecture.Tests;

/// <summary>The measures of files: a line fits a screen, a file is one idea, and an idea is one file.</summary>
public sealed class FileTests
{
    const int Columns = 140, Lines = 450, Fragment = 25;
    const double FragmentShare = 0.15;

    static readonly string[] roots = ["src", "tests", "benchmarks", "samples", "tools"];

    [Fact]
    public void No_line_is_longer_than_140_columns()
    {
        var long_ = from root in roots
                    from file in Room.Sources(root)
                    from line in File.ReadLines(file).Index()
                    where line.Item.EnumerateRunes().Count() > Columns
                    select $"{Shown(file)}:{line.Index + 1}";

        Assert.Empty(long_);
    }

    [Fact]
    public void No_file_is_longer_than_450_lines()
    {
        Assert.Empty(roots.SelectMany(Room.Sources).Where(file => File.ReadLines(file).Count() > Lines).Select(Shown));
    }

    [Fact]
    public void Few_files_hold_a_fragment_of_an_idea()
    {
        var sizes = Room.Sources("src").Select(file => (File: file, Lines: File.ReadLines(file).Count())).ToArray();
        var fragments = sizes.Where(s => s.Lines < Fragment).ToArray();
        var share = (double)fragments.Length / sizes.Length;
        var worst = fragments.GroupBy(s => Path.GetDirectoryName(Shown(s.File))).OrderByDescending(g => g.Count()).Take(10)
            .Select(g => $"  {g.Key}: {g.Count()}");

        Assert.True(share < FragmentShare,
            $"{fragments.Length} of {sizes.Length} files in src/ ({share:P1}) have fewer than {Fragment} lines; most in\n"
                + string.Join("\n", worst));
    }

    static string Shown(string file) => Path.GetRelativePath(RepositoryRoot.File(), file).Replace('\\', '/');
}
