using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime;

/// <summary>A network planned for inputs of one size, with the memory of one run: write the inputs, run, read the outputs. One run at a time.</summary>
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

    /// <summary>Bytes that a run takes besides the weights.</summary>
    public long Bytes => memory.Sum(m => (long)m.Length);

    /// <summary>Where an input's numbers are to be written, row-major.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such input.</exception>
    /// <exception cref="InvalidOperationException">It is of integers.</exception>
    public Span<float> Input(int input) => Numbers<float>(plan.Graph.InputValues, input);

    /// <summary>Where an input's integers are to be written, row-major.</summary>
    /// <inheritdoc cref="Input"/>
    public Span<long> InputInts(int input) => Numbers<long>(plan.Graph.InputValues, input);

    /// <summary>The numbers of an output after a run, row-major; the next run overwrites them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such output.</exception>
    /// <exception cref="InvalidOperationException">It is of integers.</exception>
    public ReadOnlySpan<float> Output(int output) => Numbers<float>(plan.Graph.OutputValues, output);

    /// <summary>The integers of an output after a run, row-major; the next run overwrites them.</summary>
    /// <inheritdoc cref="Output"/>
    public ReadOnlySpan<long> OutputInts(int output) => Numbers<long>(plan.Graph.OutputValues, output);

    /// <summary>Whether an output is of floating-point numbers.</summary>
    public bool IsFloat(int output) => Type(plan.Graph.OutputValues, output).IsFloat;

    /// <summary>The sizes of an output.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such output.</exception>
    public ReadOnlySpan<int> OutputShape(int output) => Type(plan.Graph.OutputValues, output).Shape;

    /// <summary>Computes the outputs from the inputs. The first run may allocate, later ones do not.</summary>
    /// <param name="stop">Ends it between two steps; its outputs are of no use then.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Run(CancellationToken stop = default)
    {
        foreach (var kernel in kernels)
        {
            stop.ThrowIfCancellationRequested();
            pool.Run(kernel, scratch);
        }
        GC.KeepAlive(this);
    }

    /// <summary>Runs, and says how many milliseconds each step took, for those who look for what is slow.</summary>
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

    /// <summary>What each step amounts to.</summary>
    internal StepCost[] Costs() => Array.ConvertAll(steps, s => StepCost.Of(plan, s));

    /// <summary>A step in words: sizes of what it reads and makes.</summary>
    internal string Describe(int step) =>
        $"{string.Join(" ", steps[step].Inputs.Select(v => v < 0 ? "-" : $"{plan.Types[v]}"))} -> {plan.Types[steps[step].Output]} {steps[step].Place[(steps[step].Place.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]}";

    internal ExecutionPlan Plan => plan;

    // What lies where it is wanted already needs no computation.
    Kernel? Bind(Node step, KernelSet set, PackedWeights packed)
    {
        if (step.Operator is IView && Address(step.Inputs[0]) == Address(step.Output))
            return null;
        var addresses = Array.ConvertAll(step.Inputs, v => v < 0 ? 0 : (nint)Address(v));
        return step.Operator.Bind(new Binding(plan.OperandsOf(step), addresses, plan.Types[step.Output]!, (nint)Address(step.Output), set, packed, pool.Threads));
    }

    byte* Address(int value) => plan.Constants.TryGetValue(value, out var constant) ? (byte*)constant.AddressOrNone : start + plan.Offsets[value];

    TensorType Type(IReadOnlyList<int> values, int which) => which >= 0 && which < values.Count
        ? plan.Types[values[which]]!
        : throw new ArgumentOutOfRangeException(nameof(which), $"number {which} of {values.Count}");

    Span<T> Numbers<T>(IReadOnlyList<int> values, int which)
        where T : unmanaged
    {
        var type = Type(values, which);
        return type.IsFloat == (typeof(T) == typeof(float))
            ? new Span<T>(Address(values[which]), type.Elements)
            : throw new InvalidOperationException($"it is {type}");
    }

    static byte[] Allocate(long bytes) => bytes + PinnedMemory.Alignment <= Array.MaxLength
        ? GC.AllocateUninitializedArray<byte>((int)bytes + PinnedMemory.Alignment, pinned: true)
        : throw new ArgumentException($"a run needs {bytes >> 20} MiB in one piece; give it a smaller image");
}
