using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hwaso.Imaging;
using Hwaso.Runtime;

namespace Hwaso.Cli.Tests;

/// <summary>The programs in samples/, run for real on a network that was exported from a run.</summary>
[Collection(WorkshopTests.Name)]
public sealed partial class SampleTests(Workshop shop)
{
    static readonly string samples = Path.Combine(Repository.Root, "samples");

    // The build that the tests are of: bin/Release/net10.0 or bin/Debug/net10.0.
    static string Program(string name) => Path.Combine(
        samples, name, Path.GetRelativePath(Path.Combine(Repository.Root, "tests", "Hwaso.Cli.Tests"), AppContext.BaseDirectory), name
            + ".dll");

    [Theory]
    [InlineData("Segment")]
    [InlineData("SegmentServer")]
    public void A_sample_is_a_screen_of_code_that_knows_the_runtime_and_imaging_alone(string name)
    {
        Assert.InRange(File.ReadLines(Path.Combine(samples, name, "Program.cs")).Count(), 1, 59);
        var references = Reference().Matches(File.ReadAllText(Path.Combine(samples, name, name + ".csproj")))
            .Select(m => m.Groups[1].Value);
        Assert.Equal(["../../src/Hwaso.Imaging/Hwaso.Imaging.csproj", "../../src/Hwaso.Runtime/Hwaso.Runtime.csproj"], references.Order());
        var files = Directory.GetFiles(Path.GetDirectoryName(Program(name))!, "*.dll").Select(Path.GetFileName).Order();
        // SkiaSharp is Hwaso.Imaging's, for JPEG and others.
        Assert.Equal(["Hwaso.Imaging.dll", "Hwaso.Runtime.dll", name + ".dll", "SkiaSharp.dll"], files.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_console_program_writes_the_labels_of_an_image_and_says_what_is_in_it()
    {
        var (model, image, expected) = Scene("console.onnx");
        var line = Run("Segment", model, image, shop.At("console"));

        Assert.True(line.Code == 0, line.Error);
        var name = Path.GetFileNameWithoutExtension(image);
        Assert.Equal(expected.Labels, Png.ReadLabels(Path.Combine(shop.At("console"), name + ".png")).Labels);
        Assert.Equal((expected.Width, expected.Height), ImageFile.Size(Path.Combine(shop.At("console"), name + "_overlay.png")));
        var most = expected.Labels.CountBy(l => l).MaxBy(c => c.Value);
        Assert.Contains($"{100.0 * most.Value / expected.Labels.Length,5:0.0} %  {expected.Classes[most.Key].Name}\n", line.Output,
            StringComparison.Ordinal);

        var broken = Run("Segment", image, image, shop.At("console"));
        Assert.Equal((1, ""), (broken.Code, broken.Output));
        Assert.StartsWith($"{image}: ", broken.Error, StringComparison.Ordinal);
        Assert.Single(broken.Error, '\n');
        Assert.Equal(2, Run("Segment").Code);
    }

    [Fact]
    public async Task The_web_service_answers_a_posted_image_with_its_labels_and_shows_a_page()
    {
        var (model, image, expected) = Scene("web.onnx");
        string[] command = [Program("SegmentServer"), "--model", model, "--urls", "http://127.0.0.1:0"];
        using var server = Process.Start(new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true })!;
        try
        {
            string? line, address = null;
            while (address is null && (line = await server.StandardOutput.ReadLineAsync()) is not null)
                address = Address().Match(line) is { Success: true } match ? match.Groups[1].Value : null;
            using var client =
                new HttpClient { BaseAddress = new Uri(address ?? throw new InvalidOperationException("the service ended")) };

            var body = await File.ReadAllBytesAsync(image);
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Post(client, "segment", body)));
            Assert.All(answers, answer =>
            {
                Assert.Equal((HttpStatusCode.OK, "image/png"), (answer.Status, answer.Type));
                Assert.Equal(expected.Labels, Png.DecodeLabels(answer.Body, "answer").Labels);
            });

            var json = JsonDocument.Parse((await Post(client, "segment?as=json", body)).Body).RootElement;
            Assert.Equal((expected.Width, expected.Height), (json.GetProperty("width").GetInt32(), json.GetProperty("height").GetInt32()));
            var classes = json.GetProperty("classes").EnumerateArray().ToArray();
            Assert.Equal(expected.Labels.Distinct().Count(), classes.Length);
            Assert.Equal(1, classes.Sum(c => c.GetProperty("share").GetDouble()), 1e-12);
            Assert.All(classes, c =>
                Assert.Equal(expected.Classes[c.GetProperty("label").GetInt32()].Name, c.GetProperty("name").GetString()));

            var wrong = await Post(client, "segment", body[..500]);
            Assert.Equal((HttpStatusCode.BadRequest, "text/plain"), (wrong.Status, wrong.Type));
            Assert.StartsWith("the image: ", System.Text.Encoding.UTF8.GetString(wrong.Body), StringComparison.Ordinal);

            var page = await client.GetStringAsync(new Uri("/", UriKind.Relative));
            Assert.Contains("<title>Hwaso: what is in a picture</title>", page, StringComparison.Ordinal);
        }
        finally
        {
            server.Kill();
        }
    }

    (string Model, string Image, Segmentation Expected) Scene(string name)
    {
        var model = shop.At(name);
        var export = CommandLine.Run("export", shop.Run, "--out", model, "--threads", "1");
        Assert.True(export.Code == 0, export.Error);
        using var loaded = SegmentationModel.Load(model, new RuntimeOptions { Threads = 1 });
        var image = ImageFile.ReadRgb(shop.Image);
        return (model, shop.Image, loaded.Segment(image.Pixels, image.Width, image.Height));
    }

    static CommandLine Run(string name, params string[] args)
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [Program(name), .. args]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CommandLine(process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    static async Task<(HttpStatusCode Status, string? Type, byte[] Body)> Post(HttpClient client, string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, await answer.Content.ReadAsByteArrayAsync());
    }

    [GeneratedRegex("Include=\"([^\"]*\\.csproj)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("Now listening on: (http://\\S+)")]
    private static partial Regex Address();
}
