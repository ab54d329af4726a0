using Hwaso.Tests;

namespace Hwaso.Architecture.Tests;

/// <summary>Within a project folders point one way: a reader who starts at the bottom never has to look up.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Projects => [.. Room.Names];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_of_a_project_point_one_way(string name)
    {
        var uses = new Room(name).Uses();
        var knots = Knots(uses);

        var lines = knots.Select(u => $"  {Shown(u.From)} → {Shown(u.To)}: {u.Example}");
        Assert.True(knots.Count == 0, $"{name}: folders that use each other:\n{string.Join("\n", lines)}");
    }

    [Fact]
    public void A_knot_of_folders_is_found()
    {
        FolderUse[] uses = [new("A", "B", ""), new("B", "C", ""), new("C", "A", ""), new("D", "A", "")];

        Assert.Equal(uses[..3], Knots(uses));
    }

    [Fact]
    public void Uses_are_read_off_the_compiled_projects()
    {
        // The command's verbs use its arguments: were nothing read, the tests above could not fail.
        Assert.Contains(new Room("Hwaso.Cli").Uses(), use => use is { From: "Verbs", To: "Arguments" });
    }

    // The analyzers of trimming leave the kernels out (src/Hwaso.Runtime/Kernels/.editorconfig).
    [Fact]
    public void Kernels_of_the_runtime_use_no_reflection()
    {
        string[] words = ["System.Reflection", "GetType(", "Activator.", "MakeGeneric", "Assembly.", "Enum.", "dynamic "];
        var files = Directory.GetFiles(RepositoryRoot.File("src/Hwaso.Runtime/Kernels"), "*.cs", SearchOption.AllDirectories);

        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            var text = File.ReadAllText(file);
            Assert.All(words, word => Assert.DoesNotContain(word, text, StringComparison.Ordinal));
        });
    }

    static string Shown(string folder) => folder.Length == 0 ? "(project)" : folder;

    /// <summary>The uses that lie on a circle.</summary>
    static List<FolderUse> Knots(IReadOnlyList<FolderUse> uses)
    {
        var next = uses.ToLookup(u => u.From, u => u.To);
        return [.. uses.Where(u => Reaches(u.To, u.From))];

        bool Reaches(string start, string goal)
        {
            var seen = new HashSet<string> { start };
            var open = new Queue<string>(seen);
            while (open.TryDequeue(out var at))
            {
                if (at == goal)
                    return true;
                foreach (var other in next[at].Where(seen.Add))
                    open.Enqueue(other);
            }
            return false;
        }
    }
}
