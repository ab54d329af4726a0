using System.Buffers;
using Hwaso.Runtime.Core;
using Hwaso.Runtime.Evaluation;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime;

/// <summary>A network from an ONNX file. <see cref="Open"/> plans it for inputs of one size; any number of threads may do so.</summary>
public sealed class OnnxModel : IDisposable
{
    /// <summary>The largest stride assumed of any network; segmentation networks have 4 to 32.</summary>
    internal const int LargestStride = 128;

    // A size that most networks accept, to find out whether the planner takes a model of free sizes.
    const int UsualSize = 256;

    readonly string place;
    readonly ModelGraph? graph;
    readonly EvaluatedGraph? evaluated;
    readonly RunGate gate = new();
    readonly RuntimeOptions options;
    readonly KernelSet kernels;
    readonly PackedWeights packed = new(new WeightMemory());
    readonly WorkerPool pool;

    OnnxModel(OnnxFile file, RuntimeOptions options)
    {
        this.options = options;
        kernels = SimdKernels.Of(options.Path);
        place = file.Place;
        CheckNames(file.Graph);
        (file, var isPlain) = Preparation.Apply(FunctionInlining.Apply(file), MostBytes, kernels);
        Inputs = file.Graph.Inputs.Select(Port).ToArray();
        Outputs = file.Graph.Outputs.Select(Port).ToArray();
        Metadata = file.Metadata;
        (graph, evaluated) = isPlain ? Planned(file) : (null, Evaluated(file));
        Last = LastOperator.Of(file.Graph);
        if (graph is not null)
        {
            // With every size known, errors in the nodes are reported now and not at the first session.
            var plan = Inputs.All(i => i.Shape is not null && !i.Shape.Contains(-1))
                ? Planner.Make(graph, Types(Inputs.Select(i => i.Shape!.ToArray())), kernels, packed, MostBytes)
                : null;
            WeightPacking.Pack(graph, packed, kernels.Lanes, plan);
        }
        pool = options.Pool ?? new WorkerPool(options.Threads > 0 ? options.Threads : Environment.ProcessorCount);
    }

    /// <summary>The model's inputs.</summary>
    public IReadOnlyList<ModelPort> Inputs { get; }

    /// <summary>The model's outputs.</summary>
    public IReadOnlyList<ModelPort> Outputs { get; }

    /// <summary>The metadata that the exporter wrote into the file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The threads that the model computes with.</summary>
    public WorkerPool Pool => pool;

    /// <summary>The kernels of its vectors.</summary>
    internal KernelSet Kernels => kernels;

    /// <summary>The operator that makes the first output, past those that only move its numbers; empty if it is unknown.</summary>
    internal LastOperator Last { get; }

    /// <summary>The most bytes for the values of one run, which lie in one array.</summary>
    internal long MostBytes => Math.Min(options.MostBytes, Array.MaxLength - PinnedMemory.Alignment);

    /// <summary>Loads a model from a file.</summary>
    /// <exception cref="ModelFormatException">The file is not an ONNX file, is damaged, or uses something that is not
    /// supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor does not have the vectors that the options name.</exception>
    public static OnnxModel Load(string path, RuntimeOptions? options = null) => FromFile(path, options ?? new RuntimeOptions()).Told();

    /// <summary>The metadata of a file, without planning the network.</summary>
    /// <exception cref="ModelFormatException">The file is not an ONNX file, or is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> MetadataOf(string path)
    {
        using IMemoryOwner<byte> bytes = new FileBytes(path);
        return OnnxReader.Read(bytes.Memory, path, Path.GetDirectoryName(Path.GetFullPath(path))).Metadata;
    }

    /// <summary>Loads a model from memory.</summary>
    /// <param name="file">The bytes of the file; they are not used after the call.</param>
    /// <param name="name">The name to use in messages.</param>
    /// <param name="options">How to compute; null for the defaults.</param>
    /// <exception cref="ModelFormatException">The bytes are not an ONNX file, are damaged, or use something that is not
    /// supported.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor does not have the vectors that the options name.</exception>
    public static OnnxModel Load(ReadOnlyMemory<byte> file, string name, RuntimeOptions? options = null) =>
        FromBytes(file, name, options ?? new RuntimeOptions()).Told();

    /// <summary>Plans the network for inputs of these sizes and allocates the memory of one run.</summary>
    /// <param name="shapes">The shape of each input.</param>
    /// <exception cref="ArgumentException">The model does not declare inputs of these shapes.</exception>
    /// <exception cref="ModelFormatException">The nodes do not fit each other at this size, or a run needs more memory than the options
    /// allow.</exception>
    public Session Open(params IReadOnlyList<int[]> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        ObjectDisposedException.ThrowIf(gate.IsClosed, this);
        if (shapes.Count != Inputs.Count)
            throw new ArgumentException($"{place}: {shapes.Count} shapes were given for {Inputs.Count} inputs");
        for (var k = 0; k < shapes.Count; k++)
        {
            var (given, declared) = (shapes[k], Inputs[k].Shape);
            if (given.Any(s => s < (graph is null ? 0 : 1)) || (declared is not null && !Fits(given, declared)))
                throw new ArgumentException($"{place}: input '{Inputs[k].Name}' of [{string.Join(", ", given)}]; "
                    + $"[{string.Join(", ", (declared ?? []).Select(s => s < 0 ? "any" : $"{s}"))}] was wanted");
        }
        // The sizes are checked here, whoever plans.
        var types = Types(shapes);
        return graph is { } planned
            ? new Session(Planner.Make(planned, types, kernels, packed, MostBytes, pool.Threads), kernels, packed, pool, gate)
            : new Session(evaluated!, [.. Inputs.Select(i => i.Type)], shapes, kernels, MostBytes, place, pool, gate);
    }

    /// <summary>The shape of an output for inputs of these sizes, without memory for a run; null if only a run tells.</summary>
    internal int[]? OutputShape(int output, params int[][] shapes)
    {
        try
        {
            return graph is { } planned
                ? Planner.Make(planned, Types(shapes), kernels, packed, Array.MaxLength) is var plan
                    ? plan.Types[planned.OutputValues[output]]!.Shape
                    : null
                : null;
        }
        catch (ModelFormatException)
        {
            return null;
        }
    }

    /// <summary>
    /// The stride of the smallest feature map: pixels of the image per element, along each axis; 1 if it cannot be determined.
    /// </summary>
    internal int Stride()
    {
        // A tensor with one element per image at any size, such as channel attention, is not a feature map: feature maps grow with the
        // image.
        var (small, large) = (Heights(2 * LargestStride), Heights(4 * LargestStride));
        return large.Keys.Where(v => small.GetValueOrDefault(v) > 0 && large[v] > small[v]).Select(v => 4 * LargestStride / large[v])
            .Append(1).Max();
    }

    /// <summary>Frees the weights, and ends the model's threads unless they belong to a shared pool; sessions cannot run any
    /// more.</summary>
    /// <exception cref="InvalidOperationException">A session runs.</exception>
    public void Dispose()
    {
        if (!gate.Close($"{place}: the model"))
            return;
        packed.Release();
        evaluated?.Release();
        foreach (var constant in graph?.Constants.Values ?? [])
            constant.Release();
        if (options.Pool is null)
            pool.Dispose();
    }

    // The output height of every convolution and pooling, by value number, for a square image.
    Dictionary<int, int> Heights(int side)
    {
        try
        {
            if (graph is null)
                return [];
            var declared = Inputs[0].Shape;
            int[] shape = declared is [_, _, _, 1 or 3 or 4] ? [1, side, side, declared[3]]
                : [1, declared is [_, > 0 and var channels, ..] ? channels : 3, side, side];
            var plan = Planner.Make(graph, [new TensorType(true, shape, place)], kernels, packed, Math.Max(MostBytes, Array.MaxLength));
            return plan.Steps.Where(s => s.Operator is ConvOperator or IntegerConvOperator or PoolOperator)
                .ToDictionary(s => s.Output, s => plan.Types[s.Output]!.Shape[2]);
        }
        catch (ModelFormatException)
        {
            return [];
        }
    }

    static OnnxModel FromFile(string path, RuntimeOptions options)
    {
        using IMemoryOwner<byte> bytes = new FileBytes(path);
        // Weights may be in other files of the folder.
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        return new(OnnxReader.Read(bytes.Memory, path, folder), options);
    }

    static OnnxModel FromBytes(ReadOnlyMemory<byte> file, string name, RuntimeOptions options) =>
        new(OnnxReader.Read(file, name), options);

    // If the collector collects now, nothing holds what was read any more.
    OnnxModel Told()
    {
        packed.Memory?.Tell();
        return this;
    }

    (ModelGraph? Graph, EvaluatedGraph? Evaluated) Planned(OnnxFile file, bool isFolded = false)
    {
        ModelGraph? loaded = null;
        try
        {
            loaded = GraphLoader.Load(file);
            if (Inputs.All(i => i.Shape is not null))
                Planner.Check(loaded, Types(Inputs.Select(Usual)), kernels, packed, MostBytes);
            return (loaded, null);
        }
        catch (ModelFormatException error) when (loaded is null || error.IsUnplanned)
        {
            if (!isFolded && Preparation.Known(file, MostBytes, kernels) is { } folded)
            {
                foreach (var constant in loaded?.Constants.Values ?? [])
                    constant.Release();
                return Planned(folded, isFolded: true);
            }
            try
            {
                var other = Evaluated(file);
                foreach (var constant in loaded?.Constants.Values ?? [])
                    constant.Release();
                return (null, other);
            }
            catch (ModelFormatException) when (loaded is not null)
            {
                // The evaluator lacks more than the planner.
                throw error;
            }
        }
        catch (ModelFormatException) when (loaded is not null)
        {
            // Only this size does not fit.
            return (loaded, null);
        }
    }

    static EvaluatedGraph Evaluated(OnnxFile file) => EvaluatedGraph.Read(file.Graph, file.Opset, file.Place);

    void CheckNames(OnnxGraph content)
    {
        if (content.Weights.ContainsKey("") || content.Inputs.Concat(content.Outputs).Any(p => p.Name.Length == 0))
            throw new ModelFormatException(place, "a weight, input or output has no name");
        if (content.Inputs.GroupBy(i => i.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ModelFormatException($"{place}: input '{twice.Key}'", "occurs twice");
        foreach (var port in content.Inputs.Concat(content.Outputs))
            if (port.Type is { } type && !Enum.IsDefined(type))
                throw new ModelFormatException($"{place}: '{port.Name}'", $"element type {(int)type} is not supported");
    }

    // Sizes to try: one image, of a usual size where the file leaves it free.
    static int[] Usual(ModelPort port) => [.. port.Shape!.Select((s, d) => s > 0 ? s : d == 0 ? 1 : UsualSize)];

    TensorType[] Types(IEnumerable<int[]> shapes) =>
        [.. shapes.Zip(Inputs, (shape, input) => new TensorType(input.IsFloat, shape, $"{place}: input '{input.Name}'"))];

    static bool Fits(int[] given, IReadOnlyList<int> declared) =>
        declared.Count == given.Length && declared.Zip(given).All(s => s.First == -1 || s.First == s.Second);

    static ModelPort Port(OnnxPort port) =>
        new(port.Name, port.Type is not { } type || Numbers.IsReal(type), port.Shape) { Type = port.Type ?? OnnxType.Float32 };
}

/// <summary>An input or output of a model.</summary>
/// <param name="Name">The name in the file.</param>
/// <param name="IsFloat">Whether its elements are floating-point numbers; else they are integers.</param>
/// <param name="Shape">The sizes, with -1 for a free one; null if the file does not declare them.</param>
public sealed record ModelPort(string Name, bool IsFloat, IReadOnlyList<int>? Shape)
{
    /// <summary>The element type; single precision if the file does not declare it.</summary>
    public OnnxType Type { get; init; } = OnnxType.Float32;
}
