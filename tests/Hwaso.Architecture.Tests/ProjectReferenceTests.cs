using System.Xml.Linq;
using Hwaso.Tests;

namespace Hwaso.Architecture.Tests;

/// <summary>Which project may know which, as docs/architecture.md draws it.</summary>
public sealed class ProjectReferenceTests
{
    // What each project references itself; what those reference comes with them.
    static readonly Dictionary<string, string[]> wanted = new()
    {
        ["Hwaso.Torch"] = [],
        ["Hwaso.Checkpoints"] = [],
        ["Hwaso.Imaging"] = [],
        ["Hwaso.Recipes"] = [],
        ["Hwaso.Runtime"] = [],
        ["Hwaso.Nn"] = ["Hwaso.Checkpoints", "Hwaso.Torch"],
        ["Hwaso.Models"] = ["Hwaso.Nn", "Hwaso.Recipes"],
        ["Hwaso.Graph"] = ["Hwaso.Nn"],
        ["Hwaso.Onnx"] = ["Hwaso.Graph"],
        ["Hwaso.Data"] = ["Hwaso.Imaging"],
        ["Hwaso.Scenes"] = ["Hwaso.Data", "Hwaso.Imaging"],
        ["Hwaso.Metrics"] = ["Hwaso.Data"],
        ["Hwaso.Inference"] = ["Hwaso.Data", "Hwaso.Models", "Hwaso.Onnx", "Hwaso.Runtime"],
        ["Hwaso.Reports"] = ["Hwaso.Imaging", "Hwaso.Metrics"],
        ["Hwaso.Training"] = ["Hwaso.Inference", "Hwaso.Metrics", "Hwaso.Reports"],
        ["Hwaso.Server"] = ["Hwaso.Training"],
        ["Hwaso.Cli"] = ["Hwaso.Scenes", "Hwaso.Server"],
    };

    public static TheoryData<string> Projects => [.. Room.Names];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_what_the_architecture_draws(string name)
    {
        Assert.True(wanted.ContainsKey(name), $"{name} has no place in the architecture: give it a line in the table above");

        Assert.Equal(wanted[name], References(name));
    }

    [Fact]
    public void The_drawing_of_the_rooms_is_made_from_the_references() =>
        Approved.CheckFile(RoomsDrawing.Svg(Room.Names.ToDictionary(name => name, References)), "docs", "images", "rooms.svg");

    [Fact]
    public void Only_Torch_declares_imports_from_the_native_library()
    {
        var culprits = Room.Sources("src")
            .Where(file => !file.Contains("/Hwaso.Torch/", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(file).Contains("hwaso_torch", StringComparison.Ordinal));

        Assert.Empty(culprits);
    }

    [Fact]
    public void Every_project_is_in_the_solution_and_has_its_tests()
    {
        var solution = File.ReadAllText(RepositoryRoot.File("Hwaso.slnx"));
        foreach (var name in Room.Names)
        {
            Assert.Contains($"src/{name}/{name}.csproj", solution, StringComparison.Ordinal);
            Assert.Contains($"tests/{name}.Tests/{name}.Tests.csproj", solution, StringComparison.Ordinal);
        }
    }

    static string[] References(string project) =>
    [
        .. XDocument.Load(RepositoryRoot.File("src", project, $"{project}.csproj"))
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))
            .Order(StringComparer.Ordinal),
    ];
}
