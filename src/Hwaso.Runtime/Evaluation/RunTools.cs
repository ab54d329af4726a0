using Hwaso.Runtime.Core;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>What one run of the evaluator has: its limit of memory, its threads and kernels, and whether it is to stop.</summary>
/// <param name="place">The model, for messages.</param>
/// <param name="mostBytes">The most bytes of all values together.</param>
/// <param name="kernels">The kernels for operators that have one.</param>
/// <param name="run">Computes a kernel's items, on several threads where there are several.</param>
/// <param name="threads">Their number.</param>
sealed class RunTools(string place, long mostBytes, KernelSet kernels, Action<Kernel> run, int threads)
{
    long held;

    public long MostBytes => mostBytes;

    public CancellationToken Stop { get; set; }

    /// <summary>Sees every value that a node makes, and the node; null for none.</summary>
    public Action<string, Value>? Seen { get; set; }

    /// <summary>Inputs of zeros, unless together they need more than is allowed: a file may claim any size for them.</summary>
    public Value[] Inputs(IReadOnlyList<OnnxType> types, IReadOnlyList<int[]> shapes)
    {
        if (types.Zip(shapes, (type, shape) => Value.BytesOf(type, shape)).Aggregate(Int128.Zero, (sum, bytes) => sum + bytes) > mostBytes)
            throw TooLarge();
        return [.. types.Zip(shapes, (type, shape) => new Value(type, shape))];
    }

    /// <summary>Counts the bytes of the values that live.</summary>
    public void Hold(long bytes)
    {
        held += bytes;
        if (bytes > 0 && held > mostBytes)
            throw TooLarge();
    }

    /// <summary>Computes a planned operator on values in single precision; null if it does not take them.</summary>
    /// <param name="operation">The operator.</param>
    /// <param name="call">The inputs.</param>
    /// <param name="weights">An input that is a constant of the model, with its packed forms.</param>
    public unsafe Value? Planned(Operator operation, Call call, PlannedWeights? weights)
    {
        var (types, constants) = (new TensorType?[call.Inputs], new Constant?[call.Inputs]);
        var own = new List<Constant>();
        var addresses = new nint[call.Inputs];
        var packed = weights?.Packed ?? new PackedWeights();
        try
        {
            for (var k = 0; k < call.Inputs; k++)
                if (call.Optional(k) is { } value)
                {
                    if (value.Type != OnnxType.Float32 || value.Count == 0)
                        return null;
                    types[k] = new TensorType(true, value.Shape, call.Place);
                    if (k != 1 || operation is not (ConvOperator or ConvTransposeOperator))
                    {
                        addresses[k] = (nint)value.Address;
                        continue;
                    }
                    var constant = weights?.Constant ?? new Constant(types[k]!, value.Floats);
                    constants[k] = constant;
                    addresses[k] = (nint)constant.Address;
                    if (constant != weights?.Constant)
                        own.Add(constant);
                }
            var operands = new Operands(call.Place, types, constants);
            TensorType type;
            try
            {
                type = operation.Infer(operands);
            }
            catch (ModelFormatException)
            {
                // The evaluator's own rule takes more, or says what is wrong.
                return null;
            }
            var result = new Value(OnnxType.Float32, call.Sizes(type.Shape));
            run(operation.Bind(new Binding(operands, addresses, type, (nint)result.Address, kernels, packed, threads)));
            GC.KeepAlive(call);
            return result;
        }
        finally
        {
            foreach (var constant in own)
                constant.Release();
            if (weights is null)
                packed.Release();
        }
    }

    ModelFormatException TooLarge() => new(place, $"a run needs more than the {mostBytes >> 20} MiB allowed; use smaller inputs, "
        + "or allow more (RuntimeOptions.MostBytes)")
    {
        IsTooLarge = true,
    };
}

/// <summary>A constant that a node multiplies with, and the forms that kernels read.</summary>
sealed record PlannedWeights(Constant Constant, PackedWeights Packed);
