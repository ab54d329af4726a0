using System.Globalization;
using System.Text.Json;
using Hwaso.Inference;

namespace Hwaso.Server.Settings;

/// <summary>
/// Reads settings by name: what the command line says counts before the environment's variables, those before the file, and the file before
/// the defaults. <c>--max-bytes</c> is <c>max-bytes</c> in the file and <c>HWASO_SERVE_MAX_BYTES</c> in the environment.
/// </summary>
public static class SettingsReader
{
    const string Prefix = "HWASO_SERVE_";

    delegate ServerSettings Set(ServerSettings settings, string name, IReadOnlyList<string> texts);

    static readonly Dictionary<string, Set> known = new(StringComparer.Ordinal)
    {
        ["models"] = (s, _, texts) => s with { Models = texts },
        ["runs"] = (s, name, texts) => s with { Runs = Folder(name, texts) },
        ["page"] = (s, name, texts) => s with { Page = Folder(name, texts) },
        ["data"] = (s, name, texts) => s with { Data = Folder(name, texts) },
        ["layout"] = (s, name, texts) => s with { Layout = One(name, texts) },
        ["urls"] = (s, _, texts) => s with { Urls = texts },
        ["hosts"] = (s, _, texts) => s with { Hosts = texts },
        ["cors"] = (s, _, texts) => s with { Origins = texts },
        ["keys"] = (s, name, texts) => s with { Keys = Keys(name, texts) },
        ["requests-per-minute"] = (s, name, texts) => s with { RequestsPerMinute = (int)Whole(name, texts, 0, int.MaxValue) },
        ["engine"] = (s, name, texts) => s with
        {
            Engine = One(name, texts) switch
            {
                "runtime" => Engine.Runtime,
                "libtorch" => Engine.Libtorch,
                _ => throw Wrong(name, texts, "runtime or libtorch"),
            },
        },
        ["batch"] = (s, name, texts) => s with { Batch = (int)Whole(name, texts, 1, 1024) },
        ["batch-wait"] = (s, name, texts) => s with { BatchWaitMs = Number(name, texts, 0, 60_000) },
        ["queue"] = (s, name, texts) => s with { Queue = (int)Whole(name, texts, 0, 1_000_000) },
        ["time-limit"] = (s, name, texts) => s with { TimeLimitSeconds = Number(name, texts, 0.001, 86_400) },
        ["max-bytes"] = (s, name, texts) => s with { MaxBytes = Whole(name, texts, 1, Array.MaxLength) },
        ["max-pixels"] = (s, name, texts) => s with { MaxPixels = Whole(name, texts, 1, 700_000_000) },
        ["max-run-bytes"] = (s, name, texts) => s with { MaxRunBytes = Whole(name, texts, 1 << 20, 2L << 30) },
        ["drain"] = (s, name, texts) => s with { DrainSeconds = Number(name, texts, 0, 600) },
        ["otlp"] = (s, name, texts) => s with { Otlp = Address(name, texts) },
        ["logs"] = (s, name, texts) => s with
        {
            Logs = Enum.TryParse<LogForm>(One(name, texts), ignoreCase: true, out var form) ? form
                : throw Wrong(name, texts, "none, text or json"),
        },
    };

    /// <summary>The names of all settings.</summary>
    public static IReadOnlyList<string> Names => [.. known.Keys];

    /// <summary>Reads all settings.</summary>
    /// <param name="given">Those of the command line, by name.</param>
    /// <param name="variable">The value of a variable of the environment; null where there is none.</param>
    /// <param name="file">A JSON object of settings; null for none.</param>
    /// <exception cref="ArgumentException">A setting is unknown, or its value is not of its kind.</exception>
    /// <exception cref="IOException">The file, or the file of keys, cannot be read.</exception>
    public static ServerSettings Read(
        IReadOnlyDictionary<string, IReadOnlyList<string>> given, Func<string, string?> variable, string? file)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(variable);
        var settings = new ServerSettings { Logs = LogForm.Text };
        foreach (var (name, texts) in file is null ? [] : OfFile(file))
            settings = known.TryGetValue(name, out var set) ? set(settings, $"{file}: {name}", texts)
                : throw new ArgumentException($"{file}: '{name}' is no setting; there are {string.Join(", ", Names)}");
        foreach (var (name, set) in known)
        {
            var key = Prefix + name.Replace('-', '_').ToUpperInvariant();
            if (variable(key) is { Length: > 0 } text)
                settings = set(settings, key, text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        }
        foreach (var (name, texts) in given)
            settings = known[name](settings, $"--{name}", texts);
        return settings;
    }

    static IEnumerable<(string Name, IReadOnlyList<string> Texts)> OfFile(string file)
    {
        using var json = Parse(file);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            throw new ArgumentException($"{file}: a JSON object of settings was wanted");
        return
        [
            .. json.RootElement.EnumerateObject().Select(p => (p.Name, (IReadOnlyList<string>)(p.Value.ValueKind == JsonValueKind.Array
                ? [.. p.Value.EnumerateArray().Select(v => v.ToString())] : [p.Value.ToString()]))),
        ];
    }

    static JsonDocument Parse(string file)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllText(file), new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
                AllowDuplicateProperties = false,
            });
        }
        catch (JsonException error)
        {
            throw new ArgumentException($"{file}: is not JSON: {error.Message}", error);
        }
    }

    /// <summary>Keys, a line each, of a file; a line that begins with # is none. A variable may hold the keys themselves.</summary>
    static IReadOnlyList<string> Keys(string name, IReadOnlyList<string> texts)
    {
        var keys = texts.SelectMany(text => File.Exists(text) ? File.ReadAllLines(text)
                : name.StartsWith(Prefix, StringComparison.Ordinal) ? [text]
                : throw new FileNotFoundException($"{name} {text}: no such file of keys, a line each"))
            .Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').ToArray();
        return keys.Length > 0 ? keys : throw new ArgumentException($"{name}: no key is in it; a line for each was wanted");
    }

    static string Folder(string name, IReadOnlyList<string> texts) =>
        Directory.Exists(One(name, texts)) ? texts[0] : throw new DirectoryNotFoundException($"{name} {texts[0]}: no such folder.");

    static Uri Address(string name, IReadOnlyList<string> texts) =>
        Uri.TryCreate(One(name, texts), UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
            : throw Wrong(name, texts, "an address such as http://127.0.0.1:4317");

    static long Whole(string name, IReadOnlyList<string> texts, long least, long most) =>
        long.TryParse(One(name, texts), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value : throw Wrong(name, texts, FormattableString.Invariant($"a whole number from {least} to {most}"));

    static double Number(string name, IReadOnlyList<string> texts, double least, double most) =>
        double.TryParse(One(name, texts), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most
            ? value : throw Wrong(name, texts, FormattableString.Invariant($"a number from {least} to {most}"));

    static string One(string name, IReadOnlyList<string> texts) => texts.Count == 1 ? texts[0] : throw Wrong(name, texts, "one value");

    static ArgumentException Wrong(string name, IReadOnlyList<string> texts, string wanted) =>
        new($"{name} '{string.Join(' ', texts)}': {wanted} was wanted");
}
