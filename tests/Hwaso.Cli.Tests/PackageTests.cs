using System.IO.Compression;
using System.Text.RegularExpressions;
using Hwaso.Imaging;
using Hwaso.Runtime;

namespace Hwaso.Cli.Tests;

/// <summary>
/// The NuGet packages: what is in them, and a fresh project that installs them from a folder and runs what their pages show.
/// </summary>
[Collection(WorkshopTests.Name)]
public sealed partial class PackageTests(Workshop shop, PackedHwaso packed)
{
    // In an order in which each finds the files of those before it.
    static readonly string[] rooms =
    [
        "Scenes", "Data", "Metrics", "Imaging", "Runtime", "Recipes", "Checkpoints", "Torch", "Nn", "Models", "Graph", "Onnx", "Inference",
        "Reports", "Training", "Server",
    ];

    [Fact]
    public void Every_room_has_a_package_with_its_page_its_documentation_and_its_symbols()
    {
        Assert.Equal(
            Directory.GetDirectories(Path.Combine(Repository.Root, "src"), "Hwaso.*").Select(f => Path.GetFileName(f)["Hwaso.".Length..])
                .Except(["Cli"]).Order(),
            rooms.Order());
        foreach (var room in rooms)
        {
            var name = $"Hwaso.{room}";
            using var package = ZipFile.OpenRead(Path.Combine(packed.Packages, $"{name}.{packed.Version}.nupkg"));
            var files = package.Entries.Select(e => e.FullName).ToArray();
            Assert.Superset(
                new HashSet<string> { "README.md", "LICENSE", $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml" }, files.ToHashSet());
            // Managed code alone.
            Assert.Equal([$"lib/net10.0/{name}.dll"], files.Where(f => Path.GetExtension(f) is ".dll" or ".so"));
            Assert.DoesNotContain(files, f => f.Contains("checkout", StringComparison.Ordinal));
            var nuspec = TextOf(package, $"{name}.nuspec");
            Assert.Contains("<license type=\"expression\">MIT</license>", nuspec, StringComparison.Ordinal);
            Assert.Contains("<readme>README.md</readme>", nuspec, StringComparison.Ordinal);
            Assert.DoesNotContain("MinVer", nuspec, StringComparison.Ordinal);
            using var symbols = ZipFile.OpenRead(Path.Combine(packed.Packages, $"{name}.{packed.Version}.snupkg"));
            Assert.Contains(symbols.Entries, e => e.FullName == $"lib/net10.0/{name}.pdb");
        }
        using var runtime = ZipFile.OpenRead(Path.Combine(packed.Packages, $"Hwaso.Runtime.{packed.Version}.nupkg"));
        Assert.DoesNotContain("<dependency ", TextOf(runtime, "Hwaso.Runtime.nuspec"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fresh_project_installs_every_package_from_a_folder_and_runs_what_their_pages_show()
    {
        var folder = packed.NewFolder("fresh");
        string At(string name) => Path.Combine(folder, name);
        File.Copy(shop.Image, At("street.png"));
        var street = ImageFile.ReadRgb(shop.Image);
        // The size that the page of Hwaso.Runtime names.
        Assert.Equal((128, 64), (street.Width, street.Height));
        File.WriteAllBytes(At("street.rgb"), street.Pixels);
        File.Copy(shop.Recipe, At("recipe.yaml"));
        File.Copy(shop.Checkpoint, At("best.safetensors"));
        Assert.Equal(0, CommandLine.Run("export", shop.Run, "--out", At("road.onnx"), "--threads", "1").Code);
        File.WriteAllText(At("Fresh.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <UseAppHost>false</UseAppHost>
                <InvariantGlobalization>true</InvariantGlobalization>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                {string.Join("\n", rooms.Select(room => $"""<PackageReference Include="Hwaso.{room}" Version="{packed.Version}" />"""))}
              </ItemGroup>
            </Project>
            """);
        foreach (var room in rooms)
            File.WriteAllText(At($"{room}.cs"), Example(room));
        File.WriteAllText(At("Program.cs"), string.Concat(rooms.Select(room => $"await Pages.Of{room}.Run();\n")));

        ChildProcess.Dotnet(folder, "build", "-c", "Release", "-o", "out", "-v", "quiet");
        var native = Path.Combine(Repository.Root, "native", "build", "libhwaso_torch.so");
        var line = ChildProcess.Run(
            folder, new Dictionary<string, string?> { ["HWASO_NATIVE"] = native }, "dotnet", Path.Combine("out", "Fresh.dll"));

        Assert.Equal((0, ""), (line.Code, line.Error));
        // Three classes: one pixel of one right; one of two; none of one.
        Assert.Contains("mIoU 50 %\n", line.Output, StringComparison.Ordinal);
        Assert.Contains("small: seed 2\n", line.Output, StringComparison.Ordinal);
        Assert.Contains("float32[2, 4]\n", line.Output, StringComparison.Ordinal);
        Assert.Contains("conv1.weight", line.Output, StringComparison.Ordinal);
        Assert.Matches(@"\nhttp://127\.0\.0\.1:\d+ serves road\n", line.Output);
        using var loaded = SegmentationModel.Load(At("road.onnx"), new RuntimeOptions { Threads = 1 });
        Assert.Equal(loaded.Segment(street.Pixels, street.Width, street.Height).Labels, Png.ReadLabels(At("labels.png")).Labels);
        Assert.Equal((64, 32), (ImageFile.ReadRgb(At("small.png")).Width, ImageFile.ReadRgb(At("small.png")).Height));
        Assert.True(File.Exists(At("streets.html")) && File.Exists(At("net.onnx")));
    }

    [Fact]
    public void The_tool_installs_from_the_folder_and_runs_without_libtorch()
    {
        var nothing = new Dictionary<string, string?> { ["HWASO_NATIVE"] = Path.Combine(packed.Root, "none.so") };
        var version = ChildProcess.Run(packed.Root, nothing, packed.Tool, "--version");
        var models = ChildProcess.Run(packed.Root, nothing, packed.Tool, "models", "hrnetv2-w48");

        var recipes = ChildProcess.Run(packed.Root, nothing, packed.Tool, "recipes");
        var profile = ChildProcess.Run(
            packed.Root, nothing, packed.Tool, "profile", "recipes/hrnetv2-w48_cityscapes.yaml", "--size", "64x128");

        Assert.Contains("\nhrnetv2-w48_cityscapes ", recipes.Output, StringComparison.Ordinal);
        Assert.Contains("\nstudies/hrnet-psa ", recipes.Output, StringComparison.Ordinal);
        Assert.Contains("65,859,379", profile.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (version.Code, version.Error));
        Assert.Contains($"hwaso     {packed.Version}\n", version.Output, StringComparison.Ordinal);
        Assert.Contains("82,538,956,800", models.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(packed.Tool)!, "hwaso.checkout.json", SearchOption.AllDirectories));
    }

    /// <summary>The example on a package's page, as a method of a class of its own.</summary>
    static string Example(string room)
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "src", $"Hwaso.{room}", "README.md"));
        var lines = CodeBlock().Match(page).Groups[1].Value.Split('\n');
        var usings = lines.TakeWhile(line => line.Length == 0 || line.StartsWith("using Hwaso.", StringComparison.Ordinal)).ToArray();
        // Usings do not count: three lines each, four at most.
        Assert.InRange(lines.Skip(usings.Length).Count(line => line.Length > 0), 1, 4);
        return $"{string.Join('\n', usings)}\nnamespace Pages;\nstatic class Of{room}\n{{\npublic static async Task Run()\n{{\n"
            + $"{string.Join('\n', lines.Skip(usings.Length))}\n}}\n}}\n";
    }

    static string TextOf(ZipArchive package, string name)
    {
        using var reader = new StreamReader(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
