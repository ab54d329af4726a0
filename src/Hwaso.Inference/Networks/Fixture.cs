using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Inference.Networks;

/// <summary>Recorded inputs and outputs of an official implementation.</summary>
public sealed class Fixture
{
    const string StrideMark = "__flat_stride_";

    readonly TensorFile file;

    Fixture(TensorFile file) => this.file = file;

    /// <summary>The file.</summary>
    public string Path => file.Path;

    /// <summary>Every tensor.</summary>
    public IReadOnlyDictionary<string, HostTensor> Tensors => file.Tensors;

    /// <summary>The names of the outputs, as stored.</summary>
    public IEnumerable<string> Outputs => Tensors.Keys.Where(k => k == "output" || k.StartsWith("output_", StringComparison.Ordinal)
        || k.EndsWith("/output", StringComparison.Ordinal) || k.EndsWith(".output", StringComparison.Ordinal)
        || NumberOf(k) is not null || IsOfQueries(k));

    /// <summary>Reads a fixture.</summary>
    /// <exception cref="CheckpointException">The file is damaged or holds no output.</exception>
    public static Fixture Read(string path)
    {
        var fixture = new Fixture(TensorFile.Read(path));
        return fixture.Outputs.Any() || fixture.Tensors.ContainsKey("proposals") ? fixture : throw new CheckpointException(
            path, null, "holds no output, output_NAME, outputK, class_logitsK, mask_logitsK or proposals "
            + $"({string.Join(", ", fixture.Tensors.Keys.Take(5))}); is it a checkpoint?");
    }

    /// <summary>
    /// A recorded input; where the file has none, the one that the formula gives at the shape that the JSON beside it names.
    /// </summary>
    /// <exception cref="CheckpointException">There is neither.</exception>
    public Tensor Input(string name = "input")
    {
        if (Tensors.TryGetValue(name, out var host))
            return Tensor.From(host);
        var json = Beside ??
            throw new CheckpointException(Path, name, $"is not in the file, and there is no {JsonPath} to name its shape (input_shape)");
        return Tensor.From(FormulaWeights.Fill(name, Sizes(json[$"{name}_shape"]) ?? Sizes((json["arrays"] as JsonObject)?[name])
            ?? throw new CheckpointException(JsonPath, $"{name}_shape", "is missing or no list of sizes")));
    }

    /// <summary>The shape that the JSON beside the file lists for a tensor of the network; null where it lists none.</summary>
    public long[]? ShapeOf(string key) => Sizes((Beside?["state_dict"] as JsonObject)?[key]);

    /// <summary>
    /// Height and width that an output of a dense network was stored at. An output stored in part has only a number of values:
    /// then it is the network's own size, or the image's, whichever they fit.
    /// </summary>
    /// <param name="stored">Its name, as stored.</param>
    /// <param name="own">The shape that the network gives, [N, C, h, w].</param>
    /// <param name="imageHeight">The image's height.</param>
    /// <param name="imageWidth">The image's width.</param>
    public (long Height, long Width) SizeOf(string stored, IReadOnlyList<long> own, long imageHeight, long imageWidth)
    {
        var shape = Tensors[stored].Shape;
        if (PlainName(stored) == stored)
            return shape.Length == 4 ? (shape[2], shape[3]) : (own[2], own[3]);
        var stride = StrideOf(stored);
        bool Fits(long pixels) => (own[0] * own[1] * pixels + stride - 1) / stride == shape[0];
        return !PlainName(stored).EndsWith("_upsampled", StringComparison.Ordinal)
            && (Fits(own[2] * own[3]) || !Fits(imageHeight * imageWidth))
            ? (own[2], own[3])
            : (imageHeight, imageWidth);
    }

    int StrideOf(string stored) =>
        int.TryParse(stored[(stored.IndexOf(StrideMark, StringComparison.Ordinal) + StrideMark.Length)..], out var k) && k > 0 ? k
        : throw new CheckpointException(Path, stored, "its stride is not a number above 0");

    string JsonPath => System.IO.Path.ChangeExtension(Path, ".json");

    /// <summary>The JSON beside the file; null where there is none.</summary>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    internal JsonObject? Beside
    {
        get
        {
            if (!File.Exists(JsonPath))
                return null;
            try
            {
                return JsonNode.Parse(File.ReadAllText(JsonPath)) as JsonObject;
            }
            catch (JsonException error)
            {
                throw new CheckpointException(JsonPath, null, $"is no JSON: {error.Message}");
            }
        }
    }

    /// <summary>The name without the mark of an output stored in part.</summary>
    public static string PlainName(string stored) =>
        stored.IndexOf(StrideMark, StringComparison.Ordinal) is var at and >= 0 ? stored[..at] : stored;

    /// <summary>K of the output <c>outputK</c> of a network with several; null for other names.</summary>
    public static int? NumberOf(string stored) =>
        PlainName(stored) is var name && name.StartsWith("output", StringComparison.Ordinal)
        && int.TryParse(name.AsSpan("output".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Whether an output is a prediction of queries, <c>class_logitsK</c> or <c>mask_logitsK</c>.</summary>
    public static bool IsOfQueries(string stored) =>
        stored.StartsWith("class_logits", StringComparison.Ordinal) || stored.StartsWith("mask_logits", StringComparison.Ordinal);

    /// <summary>
    /// K of a dense network's outputs, from the first that is stored whole or whose shape the JSON beside lists; null for none.
    /// </summary>
    public long? Channels
    {
        get
        {
            var listed = Beside?["outputs"] as JsonObject;
            return Outputs.Select(o => PlainName(o) == o ? Tensors[o].Shape : Sizes((listed?[PlainName(o)] as JsonObject)?["shape"]))
                .FirstOrDefault(shape => shape?.Length == 4)?[1];
        }
    }

    /// <summary>Compares an output with the values stored under a name.</summary>
    /// <exception cref="CheckpointException">The shapes differ.</exception>
    public OutputError Compare(string stored, Tensor actual)
    {
        var expected = Tensors[stored];
        var given = actual.ToArray<double>();
        var wanted = expected.ToDoubles();
        var stride = 1;
        if (PlainName(stored) != stored)
            stride = StrideOf(stored);
        else if (!actual.Shape.AsSpan().SequenceEqual(expected.Shape))
            throw new CheckpointException(Path, stored, $"has shape [{string.Join(", ", expected.Shape)}], the network gives "
                + $"[{string.Join(", ", actual.Shape)}]; other classes or another network?");
        if ((given.Length + stride - 1) / stride != wanted.Length)
            throw new CheckpointException(Path, stored, $"holds {wanted.Length} values, every {stride}. of the network's {given.Length} "
                + $"would be {(given.Length + stride - 1) / stride}; other classes or another network?");
        double worst = 0, largest = 0;
        for (var k = 0; k < wanted.Length; k++)
        {
            var difference = Math.Abs(given[k * stride] - wanted[k]);
            // NaN beside a number is as far off as can be.
            worst = Math.Max(worst, double.IsNaN(difference) ? double.PositiveInfinity : difference);
            largest = Math.Max(largest, Math.Abs(wanted[k]));
        }
        return new OutputError(stored, worst, worst == 0 ? 0 : worst / Math.Max(largest, double.Epsilon));
    }

    static long[]? Sizes(JsonNode? node) =>
        node is JsonArray list && list.All(n => n is JsonValue v && v.TryGetValue(out long _))
            ? [.. list.Select(n => n!.GetValue<long>())]
            : null;
}

/// <summary>The difference of one output from the recorded one.</summary>
/// <param name="Name">The output, as the fixture names it.</param>
/// <param name="Absolute">The largest difference.</param>
/// <param name="Relative">That over the largest absolute value expected.</param>
public sealed record OutputError(string Name, double Absolute, double Relative);
