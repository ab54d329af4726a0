using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>
/// Plans a model for inputs of certain sizes: infers shapes, computes constants, fuses steps, drops unused ones, and assigns memory.
/// </summary>
sealed unsafe class Planner
{
    // Larger constants, such as a small one that is expanded, are computed in each run.
    const int MostFolded = 1 << 24;

    readonly ModelGraph graph;
    readonly KernelSet kernels;
    readonly PackedWeights packed;
    TensorType?[] types;
    readonly Dictionary<int, Constant> constants;
    // Bytes of constants that may still be computed: a small file can ask for any number of large ones.
    long allowance;

    Planner(ModelGraph graph, KernelSet kernels, PackedWeights packed, long mostBytes)
    {
        (this.graph, this.kernels, this.packed) = (graph, kernels, packed);
        // The weights that the file holds may each be transformed once, however low the limit is.
        allowance = mostBytes + graph.Constants.Values.Sum(c => c.Type.Bytes);
        types = new TensorType?[graph.Names.Count];
        constants = new Dictionary<int, Constant>(graph.Constants);
        foreach (var (value, constant) in constants)
            types[value] = constant.Type;
    }

    /// <param name="graph">The model.</param>
    /// <param name="inputs">The types of its inputs.</param>
    /// <param name="kernels">The kernels that will run.</param>
    /// <param name="packed">Weights in the order in which kernels read them.</param>
    /// <param name="mostBytes">The most memory of a run.</param>
    /// <param name="threads">The number of threads of a run: several run steps at the same time, which takes more memory.</param>
    /// <exception cref="ModelFormatException">The nodes do not fit each other, or a run needs more memory than allowed.</exception>
    public static ExecutionPlan Make(
        ModelGraph graph, IReadOnlyList<TensorType> inputs, KernelSet kernels, PackedWeights packed, long mostBytes, int threads = 1)
    {
        var planner = new Planner(graph, kernels, packed, mostBytes);
        for (var k = 0; k < inputs.Count; k++)
            planner.types[graph.InputValues[k]] = inputs[k];
        var steps = planner.Infer();
        (steps, planner.types) = EarlyMixing.Apply(steps, planner.types, planner.constants, graph.OutputValues);
        steps = Fusion.Fuse(steps, planner.types, planner.constants, graph.OutputValues);
        steps = ByteResizing.Apply(steps, graph.OutputValues);
        steps = AttentionFusion.Fuse(steps, planner.types, planner.constants, graph.OutputValues);
        var order = threads > 1 ? StepOrder.ByResults(steps) : StepOrder.InSequence;
        var storage = new Storage(steps, planner.types, planner.constants, graph, order);
        if (storage.Bytes > mostBytes && order.IsFree)
        {
            order = StepOrder.InSequence;
            storage = new Storage(steps, planner.types, planner.constants, graph, order);
        }
        if (storage.Bytes > mostBytes)
        {
            var needed = $"a run on {string.Join(", ", inputs)} needs {storage.Bytes >> 20} MiB, and {mostBytes >> 20} MiB are allowed";
            throw new ModelFormatException(graph.Place, $"{needed}; use smaller inputs, or allow more (RuntimeOptions.MostBytes)")
            {
                IsTooLarge = true,
            };
        }
        return new ExecutionPlan(graph, planner.types, planner.constants, steps, storage.Offsets, storage.Bytes, order);
    }

    /// <summary>Finds out whether the planner has everything that the nodes need, for inputs of some sizes.</summary>
    /// <exception cref="ModelFormatException">It does not, or the nodes do not fit each other.</exception>
    public static void Check(
        ModelGraph graph, IReadOnlyList<TensorType> inputs, KernelSet kernels, PackedWeights packed, long mostBytes)
    {
        var planner = new Planner(graph, kernels, packed, mostBytes);
        for (var k = 0; k < inputs.Count; k++)
            planner.types[graph.InputValues[k]] = inputs[k];
        planner.Infer();
    }

    List<Node> Infer()
    {
        var steps = new List<Node>();
        foreach (var node in graph.Nodes)
        {
            var operands = Operands.Of(node, types, constants);
            var type = node.Operator.Infer(operands);
            types[node.Output] = type;
            if (Known(node, operands, type) is { } constant)
                constants[node.Output] = constant;
            else
                steps.Add(node);
        }
        return steps;
    }

    Constant? Known(Node node, Operands operands, TensorType type)
    {
        if (node.Operator is IFolding folding)
        {
            // Sizes and indices must be known before the run.
            if (type.Bytes > allowance && (!type.IsFloat || node.Operator is not IEpilogue)
                && node.Inputs.All(v => v < 0 || constants.ContainsKey(v)))
                throw new ModelFormatException(node.Place,
                    $"a constant {type}, and those before it, need more memory than a run is allowed");
            if (type.Bytes <= allowance && folding.Fold(operands, type) is { } folded)
            {
                allowance -= type.Bytes;
                return folded;
            }
        }
        if (type.Elements > MostFolded || type.Bytes > allowance || IsCostly(node.Operator, operands, type)
            || node.Inputs.Any(v => v >= 0 && !constants.ContainsKey(v)) || node.Operator is IFolding and not IEpilogue)
            return null;
        allowance -= type.Bytes;
        var result = new Constant(type);
        var addresses = Array.ConvertAll(node.Inputs, v => v < 0 ? 0 : constants[v].AddressOrNone);
        node.Operator.Bind(new Binding(operands, addresses, type, (nint)result.Address, kernels, packed, threads: 1)).RunAll();
        return result;
    }

    // Loading cannot be cancelled, a run can: long computations on constants, which real files do not have, are left to the run.
    static bool IsCostly(Operator operation, Operands operands, TensorType type) => operation switch
    {
        PoolOperator pool => (long)type.Elements * pool.Window.Kernel[0] * pool.Window.Kernel[1] > MostFolded,
        ConvOperator or ConvTransposeOperator or MatMulOperator => (Int128)type.Elements * operands.Type(1).Elements > MostFolded,
        _ => false,
    };
}
