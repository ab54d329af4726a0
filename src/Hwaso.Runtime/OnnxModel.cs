using System.Buffers;
using Hwaso.Runtime.Core;
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

    readonly ModelGraph graph;
    readonly RuntimeOptions options;
    readonly KernelSet kernels;
    readonly PackedWeights packed = new();
    readonly WorkerPool pool;

    OnnxModel(OnnxFile file, RuntimeOptions options)
    {
        this.options = options;
        kernels = SimdKernels.Of(options.Path);
        graph = GraphLoader.Load(file);
        WeightPacking.Pack(graph, packed);
        Inputs = file.Inputs.Select(Port).ToArray();
        Outputs = file.Outputs.Select(Port).ToArray();
        Metadata = file.Metadata;
        if (Inputs.All(i => i.Shape is not null && !i.Shape.Contains(-1)))
        {
            // With every size known, errors in the nodes are reported now and not at the first session.
            var types = Inputs.Select(i => new TensorType(i.IsFloat, [.. i.Shape!], $"{graph.Place}: input '{i.Name}'")).ToArray();
            Planner.Make(graph, types, kernels, packed, MostBytes);
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

    /// <summary>The most bytes for the values of one run, which lie in one array.</summary>
    internal long MostBytes => Math.Min(options.MostBytes, Array.MaxLength - PinnedMemory.Alignment);

    /// <summary>Loads a model from a file.</summary>
    /// <exception cref="ModelFormatException">The file is not an ONNX file, is damaged, or uses something that is not
    /// supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor does not have the vectors that the options name.</exception>
    public static OnnxModel Load(string path, RuntimeOptions? options = null)
    {
        using IMemoryOwner<byte> bytes = new FileBytes(path);
        return Load(bytes.Memory, path, options);
    }

    /// <summary>Loads a model from memory.</summary>
    /// <param name="file">The bytes of the file; they are not used after the call.</param>
    /// <param name="name">The name to use in messages.</param>
    /// <param name="options">How to compute; null for the defaults.</param>
    /// <exception cref="ModelFormatException">The bytes are not an ONNX file, are damaged, or use something that is not
    /// supported.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor does not have the vectors that the options name.</exception>
    public static OnnxModel Load(ReadOnlyMemory<byte> file, string name, RuntimeOptions? options = null) =>
        new(OnnxReader.Read(file, name), options ?? new RuntimeOptions());

    /// <summary>Plans the network for inputs of these sizes and allocates the memory of one run.</summary>
    /// <param name="shapes">The shape of each input.</param>
    /// <exception cref="ArgumentException">The model does not declare inputs of these shapes.</exception>
    /// <exception cref="ModelFormatException">The nodes do not fit each other at this size, or a run needs more memory than the options
    /// allow.</exception>
    public Session Open(params IReadOnlyList<int[]> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        if (shapes.Count != Inputs.Count)
            throw new ArgumentException($"{graph.Place}: {shapes.Count} shapes were given for {Inputs.Count} inputs");
        var types = new TensorType[shapes.Count];
        for (var k = 0; k < types.Length; k++)
        {
            var (given, declared) = (shapes[k], Inputs[k].Shape);
            if (given.Any(s => s < 1) || (declared is not null && !Fits(given, declared)))
                throw new ArgumentException($"{graph.Place}: input '{Inputs[k].Name}' of [{string.Join(", ", given)}]; "
                    + $"[{string.Join(", ", (declared ?? []).Select(s => s < 0 ? "any" : $"{s}"))}] was wanted");
            types[k] = new TensorType(Inputs[k].IsFloat, given, $"{graph.Place}: input '{Inputs[k].Name}'");
        }
        return new Session(Planner.Make(graph, types, kernels, packed, MostBytes), kernels, packed, pool);
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

    /// <summary>Ends the model's threads, unless they belong to a shared pool.</summary>
    public void Dispose()
    {
        if (options.Pool is null)
            pool.Dispose();
    }

    // The output height of every convolution and pooling, by value number, for a square image.
    Dictionary<int, int> Heights(int side)
    {
        try
        {
            var plan = Planner.Make(graph, [new TensorType(true, [1, 3, side, side], graph.Place)], kernels, packed,
                Math.Max(MostBytes, Array.MaxLength));
            return plan.Steps.Where(s => s.Operator is ConvOperator or PoolOperator)
                .ToDictionary(s => s.Output, s => plan.Types[s.Output]!.Shape[2]);
        }
        catch (ModelFormatException)
        {
            return [];
        }
    }

    static bool Fits(int[] given, IReadOnlyList<int> declared) =>
        declared.Count == given.Length && declared.Zip(given).All(s => s.First == -1 || s.First == s.Second);

    static ModelPort Port(OnnxPort port) =>
        new(port.Name, port.Type is null or OnnxType.Float32 or OnnxType.Float16 or OnnxType.Float64, port.Shape);
}

/// <summary>An input or output of a model.</summary>
/// <param name="Name">The name in the file.</param>
/// <param name="IsFloat">Whether its elements are floating-point numbers; else they are integers.</param>
/// <param name="Shape">The sizes, with -1 for a free one; null if the file does not declare them.</param>
public sealed record ModelPort(string Name, bool IsFloat, IReadOnlyList<int>? Shape);
