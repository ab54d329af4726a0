using System.Buffers;
using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime;

/// <summary>A network from an ONNX file, ready for inputs of any size that it takes. Any number of threads may open sessions of it.</summary>
public sealed class OnnxModel : IDisposable
{
    /// <summary>No network looks at images in larger steps; those of segmentation take 4 to 32.</summary>
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
        WeightTaking.Take(graph, packed);
        Inputs = file.Inputs.Select(Port).ToArray();
        Outputs = file.Outputs.Select(Port).ToArray();
        Metadata = file.Metadata;
        if (Inputs.All(i => i.Shape is not null && !i.Shape.Contains(-1)))
            // All is known: whatever does not fit is said now.
            Planner.Make(graph, Inputs.Select(i => new TensorType(i.IsFloat, [.. i.Shape!], $"{graph.Place}: input '{i.Name}'")).ToArray(), kernels, packed, MostBytes);
        pool = options.Pool ?? new WorkerPool(options.Threads > 0 ? options.Threads : Environment.ProcessorCount);
    }

    /// <summary>Its inputs.</summary>
    public IReadOnlyList<ModelPort> Inputs { get; }

    /// <summary>Its outputs.</summary>
    public IReadOnlyList<ModelPort> Outputs { get; }

    /// <summary>The texts that its exporter left in the file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The threads that it computes with.</summary>
    public WorkerPool Pool => pool;

    /// <summary>The most memory for a run's values: they lie in one array.</summary>
    internal long MostBytes => Math.Min(options.MostBytes, Array.MaxLength - PinnedMemory.Alignment);

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">It is no ONNX file, damaged, or asks for something that is not supported.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor does not have the vectors that were asked for.</exception>
    public static OnnxModel Load(string path, RuntimeOptions? options = null)
    {
        using IMemoryOwner<byte> bytes = new FileBytes(path);
        return Load(bytes.Memory, path, options);
    }

    /// <summary>Reads a file that is in memory already.</summary>
    /// <param name="file">Its bytes; they are not needed afterwards.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="options">How it computes.</param>
    /// <exception cref="ModelFormatException">It is no ONNX file, damaged, or asks for something that is not supported.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor does not have the vectors that were asked for.</exception>
    public static OnnxModel Load(ReadOnlyMemory<byte> file, string name, RuntimeOptions? options = null) => new(OnnxReader.Read(file, name), options ?? new RuntimeOptions());

    /// <summary>Plans the network for inputs of certain sizes and gives it memory to run in.</summary>
    /// <param name="shapes">A shape for each input.</param>
    /// <exception cref="ArgumentException">The network does not take inputs of these shapes.</exception>
    /// <exception cref="ModelFormatException">Its nodes do not fit each other at this size.</exception>
    public Session Open(params IReadOnlyList<int[]> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        if (shapes.Count != Inputs.Count)
            throw new ArgumentException($"{graph.Place}: {shapes.Count} shapes for {Inputs.Count} inputs");
        var types = new TensorType[shapes.Count];
        for (var k = 0; k < types.Length; k++)
        {
            var (given, declared) = (shapes[k], Inputs[k].Shape);
            if (given.Any(s => s < 1) || (declared is not null && (declared.Count != given.Length || declared.Zip(given).Any(s => s.First != -1 && s.First != s.Second))))
                throw new ArgumentException($"{graph.Place}: input '{Inputs[k].Name}' of [{string.Join(", ", given)}]; "
                    + $"[{string.Join(", ", (declared ?? []).Select(s => s < 0 ? "any" : $"{s}"))}] was wanted");
            types[k] = new TensorType(Inputs[k].IsFloat, given, $"{graph.Place}: input '{Inputs[k].Name}'");
        }
        return new Session(Planner.Make(graph, types, kernels, packed, MostBytes), kernels, packed, pool);
    }

    /// <summary>How many pixels of an image, each way, become one place of the smallest feature map; 1 where that cannot be told.</summary>
    internal int Stride()
    {
        // What is one number an image at any size, such as what channels are weighed by, is no feature map: those grow with the image.
        var (small, large) = (Heights(2 * LargestStride), Heights(4 * LargestStride));
        return large.Keys.Where(v => small.GetValueOrDefault(v) > 0 && large[v] > small[v]).Select(v => 4 * LargestStride / large[v]).Append(1).Max();
    }

    /// <summary>Ends its threads, if they are its own.</summary>
    public void Dispose()
    {
        if (options.Pool is null)
            pool.Dispose();
    }

    // The heights of what convolutions and poolings make of a square image.
    Dictionary<int, int> Heights(int side)
    {
        try
        {
            var plan = Planner.Make(graph, [new TensorType(true, [1, 3, side, side], graph.Place)], kernels, packed, Math.Max(MostBytes, Array.MaxLength));
            return plan.Steps.Where(s => s.Operator is ConvOperator or PoolOperator).ToDictionary(s => s.Output, s => plan.Types[s.Output]!.Shape[2]);
        }
        catch (ModelFormatException)
        {
            return [];
        }
    }

    static ModelPort Port(OnnxPort port) =>
        new(port.Name, port.Type is null or OnnxType.Float32 or OnnxType.Float16 or OnnxType.Float64, port.Shape);
}

/// <summary>An input or output of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsFloat">Whether it holds floating-point numbers, else integers.</param>
/// <param name="Shape">Its sizes, -1 where one is free; null where the file does not say.</param>
public sealed record ModelPort(string Name, bool IsFloat, IReadOnlyList<int>? Shape);
