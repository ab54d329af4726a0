using System.Text.Json.Nodes;
using Hwaso.Checkpoints;

namespace Hwaso.Training.Verifying;

/// <summary>Recorded answers of an operator: a JSON file that lists cases, and tensors in safetensors files of its name.</summary>
public sealed class OperatorFixture
{
    readonly Dictionary<string, HostTensor> tensors = [];

    OperatorFixture(string path, JsonObject json) => (Path, Json) = (path, json);

    /// <summary>The file that was named.</summary>
    public string Path { get; }

    /// <summary>The JSON's content.</summary>
    public JsonObject Json { get; }

    /// <summary>The cases that the JSON lists, and whose tensors are here; the JSON itself where it lists none.</summary>
    public IReadOnlyList<(string Name, JsonObject Fields)> Cases
    {
        get
        {
            if (Json["cases"] is not JsonArray list)
                return [("", Json)];
            var cases = list.Select(c => c is JsonObject fields && fields["name"] is JsonValue name && name.TryGetValue(out string? text)
                ? (Name: text, Fields: fields) : throw Error("cases", "lists something without a name"));
            // The tensors of case0.mse.plain begin with its name or, those that it shares, with case0.
            var here = cases.Where(c => tensors.Keys.Any(key => key.StartsWith($"{c.Name}.", StringComparison.Ordinal)
                || c.Name.StartsWith($"{key.Split('.')[0]}.", StringComparison.Ordinal)));
            return here.ToArray() is { Length: > 0 } found ? found : throw Error(null, "holds no tensor of a case that its JSON lists");
        }
    }

    /// <summary>Reads a fixture.</summary>
    /// <param name="path">The JSON, whose tensors lie in NAME.safetensors and NAME_….safetensors beside it; or one of these.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged.</exception>
    public static OperatorFixture Read(string path)
    {
        var isJson = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        var stem = System.IO.Path.ChangeExtension(path, null);
        // targets_384x288.safetensors belongs to targets.json.
        var json = isJson ? path : Stems(stem).Select(s => $"{s}.json").FirstOrDefault(File.Exists);
        OperatorFixture fixture;
        try
        {
            // Tensors whose names say everything need no JSON beside them.
            fixture = new OperatorFixture(path, json is null ? [] : JsonNode.Parse(File.ReadAllText(json)) as JsonObject
                ?? throw new CheckpointException(json, null, "is no JSON object with cases"));
        }
        catch (System.Text.Json.JsonException error)
        {
            throw new CheckpointException(json!, null, $"is no JSON: {error.Message}");
        }
        string[] files = !isJson ? [path]
            : [.. Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, "*.safetensors")
                .Where(f => System.IO.Path.GetFileNameWithoutExtension(f) is var name && System.IO.Path.GetFileName(stem) is var own
                    && (name == own || name.StartsWith($"{own}_", StringComparison.Ordinal))).Order(StringComparer.Ordinal)];
        if (files.Length == 0)
            throw new CheckpointException(path, null, $"there is no {stem}.safetensors beside it, which holds the tensors");
        foreach (var file in files)
            foreach (var (name, tensor) in TensorFile.Read(file).Tensors)
                fixture.tensors[name] = tensor;
        return fixture;
    }

    /// <summary>The names of the tensors.</summary>
    public IReadOnlyCollection<string> Names => tensors.Keys;

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Has(string name) => tensors.ContainsKey(name);

    /// <summary>A tensor.</summary>
    /// <exception cref="CheckpointException">There is none.</exception>
    public HostTensor this[string name] => tensors.GetValueOrDefault(name)
        ?? throw new CheckpointException(Path, name, $"is not there; the fixture holds {string.Join(", ", tensors.Keys.Take(8))}, …");

    /// <summary>A tensor's numbers in double precision.</summary>
    public double[] Doubles(string name) => this[name].ToDoubles();

    /// <summary>A tensor's numbers in single precision.</summary>
    public float[] Floats(string name) => this[name].ToFloats();

    /// <summary>A tensor's bytes.</summary>
    public byte[] Bytes(string name) => this[name] is { Type: ElementType.UInt8 } bytes ? bytes.Data.ToArray()
        : throw new CheckpointException(Path, name, "holds no bytes");

    /// <summary>A number of the JSON.</summary>
    public double Number(JsonObject fields, string name) => fields[name] is JsonValue value && value.TryGetValue(out double number) ? number
        : throw Error(name, "is no number");

    /// <summary>A list of numbers of the JSON.</summary>
    public double[] List(JsonObject fields, string name) => fields[name] is JsonArray list ? Numbers(list, name)
        : throw Error(name, "is no list of numbers");

    /// <summary>Pairs of joints of the JSON; null where it has none.</summary>
    public (int, int)[]? Pairs(string name) => Json[name] is not JsonArray list ? null
        : [.. list.Select(pair => pair is JsonArray two && Numbers(two, name) is { Length: 2 } both ? ((int)both[0], (int)both[1])
            : throw Error(name, "holds something that is no pair"))];

    /// <summary>An error at a field.</summary>
    public CheckpointException Error(string? field, string problem) => new(Path, field, problem);

    double[] Numbers(JsonArray list, string name) =>
        [.. list.Select(n => n is JsonValue value && value.TryGetValue(out double number) ? number
            : throw Error(name, "holds something that is no number"))];

    static IEnumerable<string> Stems(string stem)
    {
        yield return stem;
        var folder = System.IO.Path.GetDirectoryName(stem) ?? "";
        var name = System.IO.Path.GetFileName(stem);
        for (var at = name.LastIndexOf('_'); at > 0; at = name.LastIndexOf('_', at - 1))
            yield return System.IO.Path.Combine(folder, name[..at]);
    }
}

/// <summary>Compares answers with recorded ones and keeps the findings.</summary>
public sealed class OperatorCheck
{
    readonly List<string> failures = [];
    string name = "";
    bool failed;

    /// <summary>Cases compared.</summary>
    public int Cases { get; private set; }

    /// <summary>Cases with a difference beyond its tolerance.</summary>
    public int Failed { get; private set; }

    /// <summary>The largest difference of a number.</summary>
    public double Worst { get; private set; }

    /// <summary>Each comparison that failed, in words.</summary>
    public IReadOnlyList<string> Failures => failures;

    /// <summary>Begins a case.</summary>
    public void Begin(string caseName)
    {
        (name, failed) = (caseName, false);
        Cases++;
    }

    /// <summary>Compares numbers.</summary>
    /// <param name="what">Their name.</param>
    /// <param name="given">Ours.</param>
    /// <param name="wanted">The recorded ones.</param>
    /// <param name="tolerance">The largest difference, relative where the recorded number is above 1.</param>
    public void Near(string what, ReadOnlySpan<double> given, ReadOnlySpan<double> wanted, double tolerance)
    {
        if (given.Length != wanted.Length)
        {
            Fail($"{what}: {given.Length} numbers, {wanted.Length} are recorded");
            return;
        }
        var (worst, at) = (0.0, -1);
        for (var k = 0; k < given.Length; k++)
        {
            var difference = Math.Abs(given[k] - wanted[k]) / Math.Max(1, Math.Abs(wanted[k]));
            // NaN beside a number is as far off as can be.
            if (double.IsNaN(difference) && !(double.IsNaN(given[k]) && double.IsNaN(wanted[k])))
                difference = double.PositiveInfinity;
            if (difference > worst)
                (worst, at) = (difference, k);
        }
        Worst = Math.Max(Worst, worst);
        if (worst > tolerance)
            Fail($"{what}[{at}]: {given[at]:g9}, recorded {wanted[at]:g9}");
    }

    /// <inheritdoc cref="Near(string, ReadOnlySpan{double}, ReadOnlySpan{double}, double)"/>
    public void Near(string what, ReadOnlySpan<float> given, ReadOnlySpan<float> wanted, double tolerance) =>
        Near(what, Wide(given), Wide(wanted), tolerance);

    /// <summary>Compares selections or other things that agree or do not.</summary>
    public void Same<T>(string what, IReadOnlyList<T> given, IReadOnlyList<T> wanted)
    {
        if (!given.SequenceEqual(wanted))
            Fail($"{what}: {string.Join(", ", given.Take(40))}; recorded {string.Join(", ", wanted.Take(40))}");
    }

    /// <summary>Compares bytes.</summary>
    /// <param name="what">Their name.</param>
    /// <param name="given">Ours.</param>
    /// <param name="wanted">The recorded ones.</param>
    /// <param name="near">Differences up to this are not counted.</param>
    /// <param name="allowed">How many larger ones pass.</param>
    /// <param name="most">The largest difference that passes.</param>
    public void Bytes(string what, ReadOnlySpan<byte> given, ReadOnlySpan<byte> wanted, int near, int allowed, int most = 255)
    {
        if (given.Length != wanted.Length)
        {
            Fail($"{what}: {given.Length} bytes, {wanted.Length} are recorded");
            return;
        }
        var (count, worst) = (0, 0);
        for (var k = 0; k < given.Length; k++)
        {
            var difference = Math.Abs(given[k] - wanted[k]);
            worst = Math.Max(worst, difference);
            count += difference > near ? 1 : 0;
        }
        Worst = Math.Max(Worst, worst);
        if (count > allowed || worst > most)
            Fail($"{what}: {count} of {given.Length} bytes differ by more than {near}, at most by {worst}");
    }

    static double[] Wide(ReadOnlySpan<float> values)
    {
        var wide = new double[values.Length];
        for (var k = 0; k < wide.Length; k++)
            wide[k] = values[k];
        return wide;
    }

    void Fail(string what)
    {
        failures.Add(name.Length == 0 ? what : $"{name}, {what}");
        if (!failed)
            Failed++;
        failed = true;
    }
}
