using System.Diagnostics;

namespace Hwaso.Cli.Tests;

/// <summary>
/// The installed tool builds its native library at the first use. A script stands for cmake, and delivers the checkout's library:
/// compiling takes half a minute, and <c>make first-use</c> does it.
/// </summary>
[Collection(WorkshopTests.Name)]
public sealed class FirstUseTests : IDisposable
{
    readonly PackedHwaso packed;
    readonly string root = Directory.CreateTempSubdirectory("hwaso first use 화소 ").FullName;

    public FirstUseTests(Workshop _, PackedHwaso packed)
    {
        this.packed = packed;
        // A folder that looks like libtorch's; the library that cmake's stand-in delivers knows where the real one is.
        Write("libtorch/lib/libtorch_cpu.so", "");
        Write("libtorch/include/ATen/ATen.h", "");
    }

    static string Library => Path.Combine(Repository.Root, "native", "build", "libhwaso_torch.so");

    string Log => At("cmake.log");

    [Fact]
    public void Two_processes_at_once_build_it_once_and_later_ones_find_it()
    {
        // It configures slowly enough for the second process to come meanwhile; that it does is not needed to pass.
        Script("cmake", $"""
            echo "$@" >> "{Log}"
            if [ "$1" = --build ]; then sleep 0.3; cp "{Library}" "$2/libhwaso_torch.so"; else test -f "$2/src/door.h" && mkdir -p "$4"; fi
            """);
        using var one = Start();
        using var other = Start();
        CommandLine[] both = [one.Finish(), other.Finish()];
        using var third = Start();
        var later = third.Finish();

        Assert.All([.. both, later], line => Assert.True(line.Code == 0, line.Error));
        Assert.Single(both, line => line.Error.Contains("building the library that calls libtorch", StringComparison.Ordinal));
        Assert.Equal("", later.Error);
        Assert.Single(File.ReadLines(Log), line => line.StartsWith("-S ", StringComparison.Ordinal));
        Assert.Equal(File.ReadAllBytes(Library), File.ReadAllBytes(Assert.Single(Built())));
        Assert.Empty(Directory.EnumerateDirectories(At("cache"), "building-*", SearchOption.AllDirectories));
    }

    [Fact]
    [Trait("Time", "Long")]
    public void Another_libtorch_in_the_same_place_gets_a_library_of_its_own()
    {
        Script("cmake", $"""if [ "$1" = --build ]; then cp "{Library}" "$2/libhwaso_torch.so"; else mkdir -p "$4"; fi""");
        using (var first = Start()) Assert.Equal(0, first.Finish().Code);
        Write("libtorch/lib/libtorch_cpu.so", "newer");
        using (var second = Start()) Assert.Equal(0, second.Finish().Code);

        Assert.Equal(2, Built().Count());
    }

    [Fact]
    public void A_build_that_fails_says_where_its_output_is_and_leaves_nothing_half_done()
    {
        Script("cmake", "echo no such header; exit 3");
        using var process = Start();
        var line = process.Finish();

        Assert.Equal(1, line.Code);
        var said = line.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, said.Length);
        Assert.StartsWith("hwaso bench: training and running checkpoints need libtorch", said[1], StringComparison.Ordinal);
        var log = Assert.Single(Directory.EnumerateFiles(At("cache"), "build.log", SearchOption.AllDirectories));
        Assert.Contains(log, said[1], StringComparison.Ordinal);
        Assert.Contains("no such header", File.ReadAllText(log), StringComparison.Ordinal);
        Assert.Empty(Built());
        Assert.Empty(Directory.EnumerateDirectories(At("cache"), "building-*", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_is_missing_is_named_with_its_remedy()
    {
        using var without = Start(("PATH", At("empty")));
        using var wrong = Start(("HWASO_LIBTORCH", root));
        using var named = Start(("HWASO_NATIVE", At("none.so")));

        Assert.Matches("cmake and a C\\+\\+ compiler are missing; install cmake and g\\+\\+", without.Finish().Error);
        Assert.Contains($"HWASO_LIBTORCH={root} does not hold libtorch", wrong.Finish().Error, StringComparison.Ordinal);
        Assert.Contains($"HWASO_NATIVE names {At("none.so")}, which does not exist", named.Finish().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_tool_loads_nothing_from_folders_above_it()
    {
        // As a checkout would lie there.
        var above = Path.Combine(packed.Root, "native", "build");
        _ = packed.Tool;
        Directory.CreateDirectory(above);
        File.WriteAllText(Path.Combine(packed.Root, "Hwaso.slnx"), "");
        File.Copy(Library, Path.Combine(above, "libhwaso_torch.so"), overwrite: true);
        try
        {
            using var process = Start(("PATH", At("empty")));
            Assert.Equal(1, process.Finish().Code);
        }
        finally
        {
            Directory.Delete(Path.Combine(packed.Root, "native"), recursive: true);
            File.Delete(Path.Combine(packed.Root, "Hwaso.slnx"));
        }
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    // The shortest work that needs libtorch.
    ChildProcess Start(params ReadOnlySpan<(string Name, string Value)> more)
    {
        var environment = new Dictionary<string, string?>
        {
            ["HWASO_NATIVE"] = null,
            ["HWASO_LIBTORCH"] = At("libtorch"),
            ["XDG_CACHE_HOME"] = At("cache"),
            ["PATH"] = $"{At("bin")}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}",
        };
        foreach (var (name, value) in more)
            environment[name] = value;
        return new ChildProcess(
            root, environment, packed.Tool, "bench", "resnet18", "--size", "32x32", "--runs", "1", "--threads", "1", "--device", "cpu");
    }

    IEnumerable<string> Built() => Directory.EnumerateFiles(At("cache"), "libhwaso_torch.so", SearchOption.AllDirectories);

    void Script(string name, string text)
    {
        Write($"bin/{name}", $"#!/bin/sh\n{text}\n");
        using var chmod = Process.Start("chmod", ["+x", At($"bin/{name}")]);
        chmod.WaitForExit();
    }

    void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
    }

    string At(string name) => Path.Combine(root, name);
}
