using System.Xml.Linq;
using Hwaso.Tests;

namespace Hwaso.Architecture.Tests;

/// <summary>The direction of the project references: which project may know which.</summary>
public sealed class ProjectReferenceTests
{
    // What each project references itself; what those reference comes with them. docs/architecture.md draws it.
    // Recipes reads the networks' settings for now: that arrow turns around when each network reads its own.
    static readonly Dictionary<string, string[]> allowed = new()
    {
        ["Hwaso.Torch"] = [],
        ["Hwaso.Checkpoints"] = [],
        ["Hwaso.Imaging"] = [],
        ["Hwaso.Runtime"] = [],
        ["Hwaso.Nn"] = ["Hwaso.Torch", "Hwaso.Checkpoints"],
        ["Hwaso.Models"] = ["Hwaso.Nn"],
        ["Hwaso.Recipes"] = ["Hwaso.Models"],
        ["Hwaso.Graph"] = ["Hwaso.Nn"],
        ["Hwaso.Onnx"] = ["Hwaso.Graph"],
        ["Hwaso.Data"] = ["Hwaso.Imaging"],
        ["Hwaso.Scenes"] = ["Hwaso.Imaging", "Hwaso.Data"],
        ["Hwaso.Metrics"] = ["Hwaso.Data"],
        ["Hwaso.Inference"] = ["Hwaso.Models", "Hwaso.Recipes", "Hwaso.Onnx", "Hwaso.Runtime", "Hwaso.Data"],
        ["Hwaso.Reports"] = ["Hwaso.Metrics", "Hwaso.Imaging"],
        ["Hwaso.Training"] = ["Hwaso.Inference", "Hwaso.Metrics", "Hwaso.Reports"],
        ["Hwaso.Cli"] = ["Hwaso.Training", "Hwaso.Scenes"],
    };

    static IEnumerable<string> ProjectFiles =>
        Directory.GetFiles(Path.Combine(RepositoryRoot.File(), "src"), "*.csproj", SearchOption.AllDirectories).Order();

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
        var solution = File.ReadAllText(Path.Combine(RepositoryRoot.File(), "Hwaso.slnx"));
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
        .EnumerateFiles(Path.Combine(RepositoryRoot.File(), folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));
}
