using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime;

/// <summary>
/// A network planned for inputs of one size, with the memory of one run: write the inputs, run, read the outputs. Not thread-safe.
/// </summary>
public sealed unsafe class Session
{
    readonly ExecutionPlan plan;
    readonly WorkerPool pool;
    readonly Node[] steps;
    readonly Kernel[] kernels;
    readonly byte[][] memory;
    readonly nint[] scratch;
    readonly byte* start;

    internal Session(ExecutionPlan plan, KernelSet set, PackedWeights packed, WorkerPool pool)
    {
        (this.plan, this.pool) = (plan, pool);
        memory = new byte[1 + pool.Threads][];
        memory[0] = Allocate(plan.Bytes);
        start = PinnedMemory.Align(memory[0]);
        var bound = plan.Steps.Select(s => (Step: s, Kernel: Bind(s, set, packed))).Where(b => b.Kernel is { Items: > 0 }).ToArray();
        steps = Array.ConvertAll(bound, b => b.Step);
        kernels = Array.ConvertAll(bound, b => b.Kernel!);
        var most = kernels.Select(k => k.ScratchBytes).DefaultIfEmpty().Max();
        scratch = new nint[pool.Threads];
        for (var k = 0; k < scratch.Length; k++)
        {
            memory[k + 1] = Allocate(most);
            scratch[k] = (nint)PinnedMemory.Align(memory[k + 1]);
        }
    }

    /// <summary>Bytes of a run's memory, without the weights.</summary>
    public long Bytes => memory.Sum(m => (long)m.Length);

    /// <summary>The memory to write an input of floating-point numbers to, row-major.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such input.</exception>
    /// <exception cref="InvalidOperationException">The input holds integers.</exception>
    public Span<float> Input(int input) => Numbers<float>(plan.Graph.InputValues, input);

    /// <summary>The memory to write an input of integers to, row-major.</summary>
    /// <inheritdoc cref="Input"/>
    public Span<long> InputInts(int input) => Numbers<long>(plan.Graph.InputValues, input);

    /// <summary>An output of floating-point numbers after a run, row-major; the next run overwrites it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such output.</exception>
    /// <exception cref="InvalidOperationException">The output holds integers.</exception>
    public ReadOnlySpan<float> Output(int output) => Numbers<float>(plan.Graph.OutputValues, output);

    /// <summary>An output of integers after a run, row-major; the next run overwrites it.</summary>
    /// <inheritdoc cref="Output"/>
    public ReadOnlySpan<long> OutputInts(int output) => Numbers<long>(plan.Graph.OutputValues, output);

    /// <summary>Whether an output holds floating-point numbers; else it holds integers.</summary>
    public bool IsFloat(int output) => Type(plan.Graph.OutputValues, output).IsFloat;

    /// <summary>The sizes of an output.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such output.</exception>
    public ReadOnlySpan<int> OutputShape(int output) => Type(plan.Graph.OutputValues, output).Shape;

    /// <summary>Computes the outputs from the inputs. The first run may allocate, later ones do not.</summary>
    /// <param name="stop">Cancels the run between two steps; the outputs are then undefined.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public void Run(CancellationToken stop = default)
    {
        foreach (var kernel in kernels)
        {
            stop.ThrowIfCancellationRequested();
            pool.Run(kernel, scratch);
        }
        GC.KeepAlive(this);
    }

    /// <summary>Runs and returns the milliseconds of each step.</summary>
    internal double[] Profile()
    {
        var times = new double[kernels.Length];
        for (var k = 0; k < kernels.Length; k++)
        {
            var began = System.Diagnostics.Stopwatch.GetTimestamp();
            pool.Run(kernels[k], scratch);
            times[k] = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        return times;
    }

    /// <summary>The cost of each step.</summary>
    internal StepCost[] Costs() => Array.ConvertAll(steps, s => StepCost.Of(plan, s));

    /// <summary>A step in words: the types of its inputs and its output, and its node.</summary>
    internal string Describe(int step)
    {
        var node = steps[step];
        var inputs = string.Join(" ", node.Inputs.Select(v => v < 0 ? "-" : $"{plan.Types[v]}"));
        var name = node.Place[(node.Place.LastIndexOf(": ", StringComparison.Ordinal) + 2)..];
        return $"{inputs} -> {plan.Types[node.Output]} {name}";
    }

    internal ExecutionPlan Plan => plan;

    // A view at the address of its input needs no kernel.
    Kernel? Bind(Node step, KernelSet set, PackedWeights packed)
    {
        if (step.Operator is IView && Address(step.Inputs[0]) == Address(step.Output))
            return null;
        var addresses = Array.ConvertAll(step.Inputs, v => v < 0 ? 0 : (nint)Address(v));
        return step.Operator.Bind(new Binding(
            plan.OperandsOf(step), addresses, plan.Types[step.Output]!, (nint)Address(step.Output), set, packed, pool.Threads));
    }

    byte* Address(int value) =>
        plan.Constants.TryGetValue(value, out var constant) ? (byte*)constant.AddressOrNone : start + plan.Offsets[value];

    TensorType Type(IReadOnlyList<int> values, int which) => which >= 0 && which < values.Count
        ? plan.Types[values[which]]!
        : throw new ArgumentOutOfRangeException(nameof(which), $"number {which} of {values.Count}; they count from 0");

    Span<T> Numbers<T>(IReadOnlyList<int> values, int which)
        where T : unmanaged
    {
        var type = Type(values, which);
        return type.IsFloat == (typeof(T) == typeof(float))
            ? new Span<T>(Address(values[which]), type.Elements)
            : throw new InvalidOperationException($"it holds {type}");
    }

    static byte[] Allocate(long bytes) => bytes + PinnedMemory.Alignment <= Array.MaxLength
        ? GC.AllocateUninitializedArray<byte>((int)bytes + PinnedMemory.Alignment, pinned: true)
        : throw new ArgumentException($"a run needs {bytes >> 20} MiB in one array; use smaller inputs");
}
