using Hwaso.Models.Networks;

namespace Hwaso.Cli.Tests;

/// <summary>What a shell offers at the cursor.</summary>
public sealed class CompletionTests
{
    static string[] Words(string line)
    {
        var answer = CommandLine.Run($"[suggest:{line.Length}]", line);
        Assert.Equal((0, ""), (answer.Code, answer.Error));
        return answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public void Verbs_options_choices_and_networks_complete()
    {
        Assert.Equal(["predict", "profile"], Words("hwaso pr"));
        Assert.Equal(["check", "convert"], Words("hwaso dataset "));
        Assert.Contains("--layers", Words("hwaso profile --l"));
        Assert.Equal(["--layers"], Words("hwaso profile hrnetv2-w18 --la"));
        Assert.Equal(["cityscapes"], Words("hwaso scenes streets --layout ci"));
        Assert.Equal(["bash", "fish", "pwsh", "zsh"], Words("hwaso completion "));
        Assert.Equal(
            Zoo.All.Select(d => d.Name).Where(n => n.StartsWith("hrnetv2-w48", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            Words("hwaso profile hrnetv2-w48"));
        Assert.Contains("resnet50", Words("hwaso import x.pth --model resn"));
    }

    [Fact]
    public void Where_a_file_is_wanted_the_shell_is_left_to_offer_files()
    {
        Assert.Empty(Words("hwaso train rec"));
        Assert.Empty(Words("hwaso predict road.onnx str"));
    }

    [Fact]
    public void Text_behind_the_cursor_does_not_count() =>
        Assert.Equal("predict\nprofile\n", CommandLine.Run("[suggest:8]", "hwaso pr --json").Output);

    [Fact]
    public void Bash_completes_with_the_printed_script()
    {
        var script = CommandLine.Run("completion", "bash").Output;
        // bash calls the function with these variables set when Tab is pressed; the answers are what it would show.
        var line = ChildProcess.Run(AppContext.BaseDirectory, new Dictionary<string, string?>(), "bash", "-c",
            $"hwaso() {{ dotnet '{Path.Combine(AppContext.BaseDirectory, "hwaso.dll")}' \"$@\"; }}\n{script}\n"
            + "COMP_LINE='hwaso pr' COMP_POINT=8; _hwaso; printf '%s,' \"${COMPREPLY[@]}\"");

        Assert.Equal("predict,profile,\n", line.Output);
    }
}
