using System.Text.RegularExpressions;
using Hwaso.Models.Attention;
using Hwaso.Tests;

namespace Documentation.Tests;

/// <summary>
/// How many places a network or an attention module takes: counted on the pages that tell it, and in the sources for every one that there
/// is.
/// </summary>
public sealed partial class PlacesTests
{
    const string Zoo = "Hwaso.Models/Networks/Zoo.cs", Modules = "Hwaso.Models/Attention/AttentionModule.cs";

    const string Task = "Hwaso.Training/Tasks/Segmentation/";

    // Networks that do more than predict labels, and the files that know it.
    static readonly Dictionary<string, string[]> further = new()
    {
        // Its auxiliary output is weighed 0.4 where those of FCN and DeepLabV3 are weighed 0.5.
        ["HRNetOcrDefinition"] = [Task + "ObjectiveFactory.cs"],
        // A loss of three terms.
        ["SANetDefinition"] = [Task + "ObjectiveFactory.cs", Task + "SegmentationObjective.cs"],
        // Stages of training, a loss of two decoders, the teacher of a study's depth, and the server's depth.
        ["UNetDefinition"] =
        [
            "Hwaso.Inference/Depth/DepthTeacher.cs", "Hwaso.Server/Images/RunDepth.cs", Task + "DepthView.cs", Task + "ObjectiveFactory.cs",
            Task + "SegmentationLearner.cs", Task + "SegmentationObjective.cs", Task + "SegmentationStage.cs",
        ],
        // The teacher of depth, and recorded tokens that are compared.
        ["DinoDefinition"] =
        [
            "Hwaso.Cli/Verbs/DepthVerb.cs", "Hwaso.Inference/Depth/DepthTeacher.cs", "Hwaso.Inference/Networks/Verifier.cs",
        ],
        ["DinoV3Definition"] = ["Hwaso.Inference/Networks/Verifier.cs"],
    };

    // Recorded answers of the released forms' branches are compared with the branches.
    static readonly Dictionary<string, string[]> furtherModules = new()
    {
        ["PsaParallel"] = ["Hwaso.Inference/Networks/Verifier.cs"],
        ["PsaSequential"] = ["Hwaso.Inference/Networks/Verifier.cs"],
        // EfficientNet's blocks have one too.
        ["SqueezeExcitation"] = ["Hwaso.Models/Backbones/EfficientNet.cs"],
    };

    /// <summary>Every source file by its path below src, without comments.</summary>
    static readonly Dictionary<string, string> sources =
        Directory.EnumerateFiles(RepositoryRoot.File("src"), "*.cs", SearchOption.AllDirectories)
        .Select(file => (Path: Path.GetRelativePath(RepositoryRoot.File("src"), file).Replace('\\', '/'), File: file))
        .Where(file => !file.Path.Contains("/obj/", StringComparison.Ordinal) && !file.Path.Contains("/bin/", StringComparison.Ordinal))
        .ToDictionary(file => file.Path, file => Comment().Replace(File.ReadAllText(file.File), ""));

    /// <summary>The same without the words of texts, such as descriptions and error messages.</summary>
    static readonly Dictionary<string, string> code =
        sources.ToDictionary(source => source.Key, source => Text().Replace(source.Value, "\"\""));

    public static TheoryData<string> Definitions =>
        [.. Hwaso.Models.Networks.Zoo.Networks.BySizes.Select(network => network.GetType().Name).Distinct()];

    public static TheoryData<string> ModuleTypes => [.. AttentionModule.All.Select(module => module.GetType().Name).Distinct()];

    [Theory]
    [InlineData("add-a-network.md", 4)]
    [InlineData("add-an-attention-module.md", 2)]
    public void A_page_tells_so_many_places_at_most_and_each_is_there(string page, int most)
    {
        var text = File.ReadAllText(RepositoryRoot.File("docs", page));
        var places = Place().Matches(text[text.IndexOf("## Places", StringComparison.Ordinal)..]).Select(match => match.Groups[1].Value)
            .ToArray();
        Assert.InRange(places.Length, 2, most);
        // The first is the new file; the others are there and wait for a line.
        Assert.All(places[1..], place => Assert.True(File.Exists(RepositoryRoot.File(place)), place));
        Assert.True(Directory.Exists(Path.GetDirectoryName(RepositoryRoot.File(places[0]))));
    }

    [Theory]
    [MemberData(nameof(Definitions))]
    public void A_network_is_named_in_its_own_files_and_in_one_line_of_the_zoo(string definition)
    {
        var own = FileOf(definition);
        // The networks that the definition builds; one may have a file of its own.
        var nets = Built().Matches(code[own]).Select(match => match.Groups[1].Value)
            .Where(name => FileOf(name).Contains("/Networks/", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(nets);
        var others = FilesWith([definition, .. nets]).Except([own, .. nets.Select(FileOf)]).Order(StringComparer.Ordinal);
        Assert.Equal([.. further.GetValueOrDefault(definition, []).Append(Zoo).Order(StringComparer.Ordinal)], others);
        Assert.Single(code[Zoo].Split('\n'), line => line.Contains(definition, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ModuleTypes))]
    public void An_attention_module_is_named_in_its_own_file_and_in_the_list(string module)
    {
        var others = FilesWith([module, $"{module}Net"]).Except([FileOf(module)]).Order(StringComparer.Ordinal);
        Assert.Equal([.. furtherModules.GetValueOrDefault(module, []).Append(Modules).Order(StringComparer.Ordinal)], others);
    }

    [Fact]
    public void Recipes_know_no_network_and_no_module_by_type_or_name()
    {
        string[] names =
            [.. Hwaso.Models.Networks.Zoo.Networks.BySizes.Select(network => network.Name),
            .. AttentionModule.All.Select(module => module.Name)];
        foreach (var (path, text) in sources.Where(source => source.Key.StartsWith("Hwaso.Recipes/", StringComparison.Ordinal)))
            Assert.All(names, name => Assert.DoesNotContain($"\"{name}\"", text, StringComparison.Ordinal));
    }

    static string FileOf(string type) =>
        Assert.Single(code, source => Regex.IsMatch(source.Value, $@"\b(?:record|class) {type}\b")).Key;

    static IEnumerable<string> FilesWith(IReadOnlyList<string> types) =>
        code.Where(source => types.Any(type => Regex.IsMatch(source.Value, $@"\b{type}\b"))).Select(source => source.Key);

    [GeneratedRegex(@"^[0-9]\. `([^`]+)`", RegexOptions.Multiline)]
    private static partial Regex Place();

    // Of line comments only: block comments are not used.
    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex("""
        "(?:[^"\\\n]|\\.)*"
        """)]
    private static partial Regex Text();

    [GeneratedRegex("""new (\w+)\(w(?: / "")?, """)]
    private static partial Regex Built();
}
