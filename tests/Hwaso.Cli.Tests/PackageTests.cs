using System.Diagnostics;
using System.IO.Compression;
using Hwaso.Imaging;
using Hwaso.Runtime;

namespace Hwaso.Cli.Tests;

/// <summary>The NuGet packages: what is in them, and a fresh project that installs them from a folder and segments an image.</summary>
[Collection(WorkshopTests.Name)]
public sealed class PackageTests(Workshop shop)
{
    const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <UseAppHost>false</UseAppHost>
            <NuGetAudit>false</NuGetAudit>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Hwaso.Runtime" Version="0.1.0" />
            <PackageReference Include="Hwaso.Imaging" Version="0.1.0" />
          </ItemGroup>
        </Project>
        """;

    const string Program = """
        using Hwaso.Imaging;
        using Hwaso.Runtime;

        using var model = SegmentationModel.Load(args[0]);
        var image = ImageFile.ReadRgb(args[1]);
        var result = model.Segment(image.Pixels, image.Width, image.Height);
        Png.WriteIndexed(args[2], new LabelMap(result.Width, result.Height, result.Labels), Palette.Voc);
        """;

    // The folder is the only source, and what is installed stays beside the project.
    const string Sources = """
        <configuration>
          <config><add key="globalPackagesFolder" value="installed" /></config>
          <packageSources><clear /><add key="local" value="packages" /></packageSources>
        </configuration>
        """;

    [Fact]
    public void A_fresh_project_installs_the_packages_from_a_folder_and_segments_an_image()
    {
        var folder = shop.At("fresh");
        var packages = Path.Combine(folder, "packages");
        Directory.CreateDirectory(packages);
        foreach (var name in new[] { "Hwaso.Runtime", "Hwaso.Imaging" })
            Dotnet(Repository.Root, "pack", Path.Combine("src", name), "-c", Configuration, "--no-build", "-o", packages);
        var runtime = Path.Combine(packages, "Hwaso.Runtime.0.1.0.nupkg");
        using (var archive = ZipFile.OpenRead(runtime))
        {
            var files = archive.Entries.Select(e => e.FullName).ToArray();
            Assert.Superset(
                new HashSet<string> { "README.md", "LICENSE", "lib/net10.0/Hwaso.Runtime.dll", "lib/net10.0/Hwaso.Runtime.xml" },
                    files.ToHashSet());
            // Managed code alone, and nothing else to install.
            Assert.Equal(["lib/net10.0/Hwaso.Runtime.dll"],
                files.Where(f => f.EndsWith(".dll", StringComparison.Ordinal) || f.EndsWith(".so", StringComparison.Ordinal)));
            using var reader = new StreamReader(archive.GetEntry("Hwaso.Runtime.nuspec")!.Open());
            var nuspec = reader.ReadToEnd();
            Assert.DoesNotContain("<dependency ", nuspec, StringComparison.Ordinal);
            Assert.Contains("<license type=\"expression\">MIT</license>", nuspec, StringComparison.Ordinal);
            Assert.Contains("<readme>README.md</readme>", nuspec, StringComparison.Ordinal);
        }
        using (var symbols = ZipFile.OpenRead(Path.ChangeExtension(runtime, ".snupkg")))
            Assert.Contains(symbols.Entries, e => e.FullName == "lib/net10.0/Hwaso.Runtime.pdb");

        var model = shop.At("packed.onnx");
        Assert.Equal(0, CommandLine.Run("export", shop.Run, "--out", model, "--threads", "1").Code);
        File.WriteAllText(Path.Combine(folder, "Fresh.csproj"), Project);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Program);
        File.WriteAllText(Path.Combine(folder, "nuget.config"), Sources);
        Dotnet(folder, "build", "-c", "Release", "-o", "out", "-v", "quiet");
        Dotnet(folder, Path.Combine("out", "Fresh.dll"), model, shop.Image, "labels.png");

        using var loaded = SegmentationModel.Load(model, new RuntimeOptions { Threads = 1 });
        var image = ImageFile.ReadRgb(shop.Image);
        Assert.Equal(
            loaded.Segment(image.Pixels, image.Width, image.Height).Labels, Png.ReadLabels(Path.Combine(folder, "labels.png")).Labels);
    }

    // bin/Release/net10.0 or bin/Debug/net10.0.
    static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    static void Dotnet(string folder, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', args)}\n{output}{errors.GetAwaiter().GetResult()}");
    }
}
