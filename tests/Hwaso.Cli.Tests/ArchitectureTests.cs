using System.Xml.Linq;

namespace Hwaso.Cli.Tests;

/// <summary>The direction of the project references: which project may know which.</summary>
public sealed class ArchitectureTests
{
    // Directly or through others. Imaging and Runtime stand alone, models never see data, only Torch meets libtorch.
    static readonly Dictionary<string, string[]> allowed = new()
    {
        ["Hwaso.Torch"] = [],
        ["Hwaso.Imaging"] = [],
        ["Hwaso.Runtime"] = [],
        ["Hwaso.Nn"] = ["Hwaso.Torch"],
        ["Hwaso.Models"] = ["Hwaso.Nn", "Hwaso.Torch"],
        ["Hwaso.Graph"] = ["Hwaso.Nn", "Hwaso.Torch"],
        ["Hwaso.Data"] = ["Hwaso.Torch", "Hwaso.Imaging"],
        ["Hwaso.Training"] = ["Hwaso.Models", "Hwaso.Data", "Hwaso.Graph", "Hwaso.Nn", "Hwaso.Torch", "Hwaso.Imaging"],
        ["Hwaso.Cli"] = ["Hwaso.Training", "Hwaso.Runtime", "Hwaso.Models", "Hwaso.Data", "Hwaso.Graph", "Hwaso.Nn", "Hwaso.Torch", "Hwaso.Imaging"],
        ["Hwaso.Server"] = ["Hwaso.Training", "Hwaso.Runtime", "Hwaso.Models", "Hwaso.Data", "Hwaso.Graph", "Hwaso.Nn", "Hwaso.Torch", "Hwaso.Imaging"],
    };

    static IEnumerable<string> ProjectFiles =>
        Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Order();

    public static TheoryData<string> Projects => [.. ProjectFiles.Select(file => Path.GetFileNameWithoutExtension(file))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_the_architecture_allows(string name)
    {
        var project = ProjectFiles.Single(file => Path.GetFileNameWithoutExtension(file) == name);
        Assert.True(allowed.ContainsKey(name), $"{name} has no place in the architecture: give it a line in the table above");

        var wrong = References(project).Except(allowed[name]).ToArray();

        Assert.True(wrong.Length == 0, $"{name} must not reference {string.Join(", ", wrong)}");
    }

    [Fact]
    public void Only_Torch_declares_imports_from_the_native_library()
    {
        var culprits = Sources("src")
            .Where(file => !file.Contains("/Hwaso.Torch/", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(file).Contains("hwaso_torch", StringComparison.Ordinal));

        Assert.Empty(culprits);
    }

    [Fact]
    public void Every_project_is_in_the_solution_and_has_its_tests()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Hwaso.slnx"));
        foreach (var name in ProjectFiles.Select(file => Path.GetFileNameWithoutExtension(file)))
        {
            Assert.Contains($"src/{name}/{name}.csproj", solution, StringComparison.Ordinal);
            Assert.Contains($"tests/{name}.Tests/{name}.Tests.csproj", solution, StringComparison.Ordinal);
        }
    }

    static IEnumerable<string> References(string project) => XDocument.Load(project)
        .Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));
}
