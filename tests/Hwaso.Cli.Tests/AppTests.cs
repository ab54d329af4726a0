using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;
using Hwaso.Cli.Verbs;
using Hwaso.Recipes;

namespace Hwaso.Cli.Tests;

/// <summary>The frame around the verbs: what it refuses, what it prints where, what it exits with.</summary>
public sealed class AppTests
{
    static CommandLine Run(Func<VerbContext, int> work, params string[] args) => CommandLine.Run([new FakeVerb(work)], default, args);

    static CommandLine Refuse(params string[] args) =>
        Run(_ => throw new InvalidOperationException("the verb ran"), args);

    [Fact]
    public void An_unknown_verb_names_the_near_ones_and_exits_2()
    {
        var line = Refuse("redner", "x");

        Assert.Equal(2, line.Code);
        Assert.Equal("", line.Output);
        Assert.Equal("hwaso: unknown verb 'redner'; did you mean 'render'?\ntry: hwaso --help\n", line.Error);
    }

    [Theory]
    [InlineData("unknown option '--sise'; did you mean '--size'?", "here", "--sise", "2x3")]
    [InlineData("unknown option '--sise'; did you mean '--size'?", "--sise=2x3", "here")]
    [InlineData("--size '512': wanted height x width in pixels, e.g. 512x1024", "here", "--size", "512")]
    [InlineData("--size '0x4': wanted height x width in pixels, e.g. 512x1024", "here", "--size", "0x4")]
    [InlineData("--size '-2x4': wanted height x width in pixels, e.g. 512x1024", "here", "--size=-2x4")]
    [InlineData("--size '99999999999x4': wanted height x width in pixels, e.g. 512x1024", "here", "--size", "99999999999x4")]
    [InlineData("--size is given without its HxW", "here", "--size")]
    [InlineData("--layout is given without its cityscapes|voc", "here", "--size", "2x3", "--layout", "--threads", "1")]
    [InlineData("--json takes no value; leave out '=yes'", "here", "--size", "2x3", "--json=yes")]
    [InlineData("--size is given more than once", "here", "--size", "2x3", "--size", "2x3")]
    [InlineData("--size HxW is missing", "here")]
    [InlineData("DIR is missing", "--size", "2x3")]
    [InlineData("DIR and --size HxW are missing")]
    [InlineData("--count 'many': wanted a whole number of at least 1", "here", "--size", "2x3", "--count", "many")]
    [InlineData("--count '-3': wanted a whole number of at least 1", "here", "--size", "2x3", "--count", "-3")]
    [InlineData("--layout 'cityscape': wanted cityscapes or voc; did you mean "
        + "'cityscapes'?", "here", "--size", "2x3", "--layout", "cityscape")]
    [InlineData("--scales '1,two': wanted numbers above 0 separated by commas, e.g. "
        + "0.75,1,1.25", "here", "--size", "2x3", "--scales", "1,two")]
    [InlineData("--set 'seed': wanted KEY=VALUE, e.g. --set seed=2", "here", "--size", "2x3", "--set", "seed")]
    [InlineData("--device 'gpu': wanted cpu, cuda or cuda:N", "here", "--size", "2x3", "--device", "gpu")]
    [InlineData("--threads '0': wanted a whole number of at least 1", "here", "--size", "2x3", "--threads", "0")]
    [InlineData("unexpected argument 'there'", "here", "there", "--size", "2x3")]
    public void Wrong_arguments_are_said_in_one_line_and_exit_2(string problem, params string[] args)
    {
        var line = Refuse(["render", .. args]);

        Assert.Equal($"hwaso render: {problem}\ntry: hwaso render --help\n", line.Error);
        Assert.Equal(2, line.Code);
        Assert.Equal("", line.Output);
    }

    [Fact]
    public void Values_arrive_as_they_were_given()
    {
        SizePx size = default;
        double[]? scales = null;
        string[] set = [];
        var verb = new FakeVerb((self, arguments, _) =>
        {
            (size, scales, set) = (self.Size(arguments), self.Scales(arguments), self.Set(arguments));
            return 0;
        });

        var line = CommandLine.Run(
            [verb], default, "render", "here", "--size", "256x512", "--scales", "0.75,1", "--set", "a.b=1", "--set", "c=x=y");

        Assert.Equal("", line.Error);
        Assert.Equal(new SizePx(256, 512), size);
        Assert.Equal([0.75, 1], scales!);
        Assert.Equal(["a.b=1", "c=x=y"], set);
    }

    [Theory]
    [InlineData("render", "here", "--size", "2x3", "--json")]
    [InlineData("--json", "render", "here", "--size", "2x3")]
    public void Json_is_one_object_and_nothing_else_on_standard_output(params string[] args)
    {
        var line = Run(
            context =>
            {
                context.Log("a log line");
                using (var progress = context.Progress("Rendering", 2, "scenes")) progress.Report(2L);
                context.Result(new JsonObject { ["miou"] = double.NaN, ["files"] = new JsonArray("화소.png"), ["seconds"] = 1.5 }, _ =>
                    Assert.Fail("text"));
                return 0;
            },
            args);

        Assert.Equal("{\"miou\":null,\"files\":[\"화소.png\"],\"seconds\":1.5}\n", line.Output);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line.Output).RootElement.ValueKind);
        Assert.Contains("a log line\n", line.Error, StringComparison.Ordinal);
        Assert.Contains("Rendering 2 scenes in 0:0", line.Error, StringComparison.Ordinal);
    }

    const string Fault = "This is a fault of Hwaso's own; run it again with --debug and report what it prints";

    [Fact]
    public void An_argument_that_only_our_own_code_can_have_got_wrong_is_no_wrong_command_line()
    {
        var line = Run(_ => new Dictionary<string, int> { ["train"] = 1 }.Append(new("train", 2)).ToDictionary(p => p.Key).Count,
            "render", "here", "--size", "2x3");

        Assert.Equal(1, line.Code);
        Assert.EndsWith($" {Fault}\n", line.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("try: ", line.Error, StringComparison.Ordinal);
    }

    public static TheoryData<Exception, string, int> Errors => new()
    {
        { new FileNotFoundException("recipes/x.yaml: no such file"), "recipes/x.yaml: no such file", 1 },
        { new IOException("No space left\non device"), "No space left on device", 1 },
        { new ArgumentException("val: 3 of 2", "val"), "val: 3 of 2", 2 },
        { new ArgumentNullException("net"), "Value cannot be null. (Parameter 'net') " + Fault, 1 },
        { new KeyNotFoundException("no such key."), "no such key. " + Fault, 1 },
        { new UsageException("--a without --b"), "--a without --b", 2 },
        { new AggregateException(new IOException("inside")), "inside", 1 },
        { new TypeInitializationException("T", new DllNotFoundException("libhwaso_torch.so is missing")), "libhwaso_torch.so is missing",
            1 },
        { new OperationCanceledException(), "stopped before it was done", 1 },
    };

    [Theory]
    [MemberData(nameof(Errors), DisableDiscoveryEnumeration = true)]
    public void An_exception_becomes_one_line_without_a_stack(Exception error, string expected, int code)
    {
        var line = Run(_ => throw error, "render", "here", "--size", "2x3");

        Assert.Equal($"hwaso render: {expected}", line.Error.Split('\n')[0]);
        Assert.DoesNotContain("   at ", line.Error, StringComparison.Ordinal);
        Assert.Equal(code, line.Code);
    }

    [Fact]
    public void Debug_shows_the_stack()
    {
        var line = Run(_ => throw new IOException("boo"), "render", "here", "--size", "2x3", "--debug");

        Assert.Contains("   at Hwaso.Cli.App.Run", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_reaches_the_verb()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();

        var line = CommandLine.Run(
            [new FakeVerb(context => context.Cancel.IsCancellationRequested ? 1 : 0)], source.Token, "render", "here", "--size", "2x3");

        Assert.Equal(1, line.Code);
    }

    [Theory]
    [InlineData("render", "--help")]
    [InlineData("help", "render")]
    [InlineData("render", "-h")]
    public void Help_shows_usage_options_and_examples(params string[] args)
    {
        var line = Refuse(args);

        Assert.Equal(0, line.Code);
        Assert.Contains("  hwaso render DIR --size HxW [options]\n", line.Output, StringComparison.Ordinal);
        Assert.Contains("--layout cityscapes|voc  the layout\n", line.Output, StringComparison.Ordinal);
        Assert.Contains("  hwaso render here --size 2x3\n", line.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_at_all_prints_the_overview_on_standard_error_and_exits_2()
    {
        var line = Refuse();

        Assert.Equal(2, line.Code);
        Assert.Equal("", line.Output);
        Assert.Contains("  render  ", line.Error, StringComparison.Ordinal);
    }
}
