namespace Hwaso.Cli.Tests;

/// <summary>
/// The packages and the tool, packed once from the build under test, and the tool installed: in a folder outside the checkout, with
/// spaces and Korean letters in its name. What is installed stays in that folder, and other people's packages come from the local cache.
/// </summary>
public sealed class PackedHwaso : IDisposable
{
    readonly Lazy<string> packages, tool;

    public PackedHwaso()
    {
        packages = new Lazy<string>(Pack);
        tool = new Lazy<string>(Install);
    }

    /// <summary>The folder of everything here.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("hwaso packages 화소 ").FullName;

    /// <summary>The folder of the packages.</summary>
    public string Packages => packages.Value;

    /// <summary>The installed command.</summary>
    public string Tool => tool.Value;

    /// <summary>The version of the packages.</summary>
    public string Version =>
        Path.GetFileNameWithoutExtension(Directory.GetFiles(Packages, "Hwaso.Runtime.*.nupkg").Single())["Hwaso.Runtime.".Length..];

    /// <summary>Makes a folder whose projects install packages from <see cref="Packages"/> alone.</summary>
    public string NewFolder(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="installed" /></config>
              <packageSources><clear /><add key="local" value="{Packages}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="cache" value="{cache}" /></fallbackPackageFolders>
            </configuration>
            """);
        return folder;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    string Pack()
    {
        var folder = Path.Combine(Root, "packages");
        // bin/Release/net10.0 or bin/Debug/net10.0.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        ChildProcess.Dotnet(Repository.Root, "msbuild", Path.Combine("eng", "pack", "pack.proj"), $"-p:Configuration={configuration}",
            "-p:NoBuild=true", $"-p:PackageOutputPath={folder}", "-v:quiet", "-nologo");
        return folder;
    }

    string Install()
    {
        var folder = NewFolder("tool");
        ChildProcess.Dotnet(folder, "tool", "install", "hwaso", "--version", Version, "--tool-path", "bin", "--add-source", Packages);
        return Path.Combine(folder, "bin", "hwaso");
    }
}
