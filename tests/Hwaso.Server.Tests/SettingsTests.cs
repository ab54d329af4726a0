using Hwaso.Server.Settings;

namespace Hwaso.Server.Tests;

/// <summary>Settings by option, variable and file.</summary>
public sealed class SettingsTests : IDisposable
{
    readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Options_count_before_variables_and_variables_before_the_file()
    {
        File.WriteAllText(file, """{"queue": 3, "batch": 4, "max-bytes": 5000, "models": ["a.onnx", "b.onnx"]}""");

        var settings = SettingsReader.Read(
            new Dictionary<string, IReadOnlyList<string>> { ["queue"] = ["9"] },
            name => name switch
            {
                "HWASO_SERVE_BATCH" => "8",
                "HWASO_SERVE_QUEUE" => "5",
                "HWASO_SERVE_KEYS" => "one, two",
                _ => null,
            }, file);

        Assert.Equal((9, 8, 5000), (settings.Queue, settings.Batch, settings.MaxBytes));
        Assert.Equal(["a.onnx", "b.onnx"], settings.Models);
        Assert.Equal(["one", "two"], settings.Keys);
    }

    [Fact]
    public void Keys_are_the_lines_of_a_file_without_comments()
    {
        File.WriteAllText(file, "# for the camera\nfirst\n\n  second \n");

        Assert.Equal(["first", "second"], Of("keys", file).Keys);
    }

    [Theory]
    [InlineData("queue", "x")]
    [InlineData("queue", "-1")]
    [InlineData("batch", "0")]
    [InlineData("time-limit", "NaN")]
    [InlineData("max-bytes", "99999999999999")]
    [InlineData("otlp", "here")]
    [InlineData("logs", "loud")]
    public void A_wrong_value_is_an_error_that_names_it(string name, string value) =>
        Assert.Contains($"--{name} '{value}'", Assert.Throws<ArgumentException>(() => Of(name, value)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"quque\": 3}", "quque")]
    [InlineData("[1]", "object")]
    [InlineData("{", "JSON")]
    public void A_wrong_file_is_an_error_that_names_it(string text, string said)
    {
        File.WriteAllText(file, text);

        var error = Assert.Throws<ArgumentException>(
            () => SettingsReader.Read(new Dictionary<string, IReadOnlyList<string>>(), _ => null, file));

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    static ServerSettings Of(string name, string value) =>
        SettingsReader.Read(new Dictionary<string, IReadOnlyList<string>> { [name] = [value] }, _ => null, null);
}
