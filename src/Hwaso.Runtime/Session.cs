using Hwaso.Runtime.Core;
using Hwaso.Runtime.Evaluation;
using Hwaso.Runtime.Format;
using Hwaso.Runtime.Kernels;
using Hwaso.Runtime.Operators;
using Hwaso.Runtime.Planning;

namespace Hwaso.Runtime;

/// <summary>
/// A network planned for inputs of one size, with the memory of one run: write the inputs, run, read the outputs. Not thread-safe.
/// </summary>
public sealed unsafe class Session
{
    readonly ExecutionPlan? plan;
    readonly EvaluatedSession? evaluated;
    readonly WorkerPool pool;
    // Kernels read addresses in it.
    readonly PackedWeights? weights;
    readonly RunGate model;
    readonly int lanes;
    readonly Node[] steps;
    readonly Kernel[] kernels;
    // All steps; null if they run one after the other.
    StepWork? together;
    readonly byte[][] memory;
    readonly nint[] scratch;
    readonly byte* start;
    readonly long planned;
    (int Step, FiniteKernel? Kernel) watched;

    internal Session(ExecutionPlan plan, KernelSet set, PackedWeights packed, WorkerPool pool, RunGate model)
    {
        (this.plan, this.pool, this.model, lanes, weights) = (plan, pool, model, set.Lanes, packed);
        memory = new byte[1 + pool.Threads][];
        memory[0] = Allocate(plan.Bytes);
        start = LargePages.Begin(memory[0], plan.Bytes);
        var threads = plan.Order.Shares([.. plan.Steps.Select(s => StepCost.Of(plan, s, lanes).Weight)], pool.Threads);
        var bound = plan.Steps.Select((s, k) => (Step: s, Place: k, Kernel: Bind(s, set, packed, threads[k])))
            .Where(b => b.Kernel is { Items: > 0 }).ToArray();
        steps = Array.ConvertAll(bound, b => b.Step);
        kernels = Array.ConvertAll(bound, b => b.Kernel!);
        if (plan.Order.IsFree)
            together = StepWork.Of(plan, Array.ConvertAll(bound, b => b.Place), kernels, lanes, pool.Threads);
        var most = kernels.Select(k => k.ScratchBytes).DefaultIfEmpty().Max();
        scratch = new nint[pool.Threads];
        for (var k = 0; k < scratch.Length; k++)
        {
            memory[k + 1] = Allocate(most);
            scratch[k] = (nint)LargePages.Begin(memory[k + 1], most);
        }
        planned = plan.Bytes + (pool.Threads * most);
    }

    /// <summary>A session of a model whose sizes only the run knows.</summary>
    internal Session(EvaluatedGraph graph, IReadOnlyList<OnnxType> types, IReadOnlyList<int[]> shapes, KernelSet set, long mostBytes,
        string place, WorkerPool pool, RunGate model)
    {
        (this.pool, this.model) = (pool, model);
        (memory, scratch, steps, kernels) = (new byte[pool.Threads][], new nint[pool.Threads], [], []);
        Array.Fill(memory, []);
        evaluated = new EvaluatedSession(graph, types, shapes, new RunTools(place, mostBytes, set, RunOne, pool.Threads));
    }

    /// <summary>Bytes of a run's memory, without the weights.</summary>
    public long Bytes => evaluated is { } e ? memory.Sum(m => (long)m.Length) + e.Bytes : planned;

    /// <summary>Whether the types and sizes of the outputs are known before the first run.</summary>
    internal bool IsPlanned => evaluated is null;

    /// <summary>The memory to write an input of floating-point numbers to, row-major.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such input.</exception>
    /// <exception cref="InvalidOperationException">The input holds integers.</exception>
    public Span<float> Input(int input) => evaluated is { } e ? Floats(e.Input(input)) : Numbers<float>(plan!.Graph.InputValues, input);

    /// <summary>The memory to write an input of integers to, row-major.</summary>
    /// <inheritdoc cref="Input"/>
    public Span<long> InputInts(int input) => evaluated is { } e ? Ints(e.Input(input)) : Numbers<long>(plan!.Graph.InputValues, input);

    /// <summary>The memory to write an input of double precision to, row-major.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such input.</exception>
    /// <exception cref="InvalidOperationException">The input has another type.</exception>
    public Span<double> InputDoubles(int input) =>
        evaluated is { } e ? Doubles(e.Input(input))
            : throw new InvalidOperationException($"it holds {Type(plan!.Graph.InputValues, input)}");

    /// <summary>An output of floating-point numbers after a run, row-major; the next run overwrites it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such output.</exception>
    /// <exception cref="InvalidOperationException">The output holds integers.</exception>
    /// <remarks>Half precision and smaller types are returned in single precision.</remarks>
    public ReadOnlySpan<float> Output(int output) =>
        evaluated is { } e ? Floats(e.Output(output)) : Numbers<float>(plan!.Graph.OutputValues, output);

    /// <summary>An output of integers after a run, row-major; the next run overwrites it.</summary>
    /// <inheritdoc cref="Output"/>
    public ReadOnlySpan<long> OutputInts(int output) =>
        evaluated is { } e ? Ints(e.Output(output)) : Numbers<long>(plan!.Graph.OutputValues, output);

    /// <summary>An output of double precision after a run, row-major; the next run overwrites it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such output.</exception>
    /// <exception cref="InvalidOperationException">The output has another type.</exception>
    public ReadOnlySpan<double> OutputDoubles(int output) =>
        evaluated is { } e ? Doubles(e.Output(output))
            : throw new InvalidOperationException($"it holds {Type(plan!.Graph.OutputValues, output)}");

    /// <summary>Whether an output holds floating-point numbers; else it holds integers.</summary>
    public bool IsFloat(int output) => evaluated is { } e ? e.Output(output).IsSingle : Type(plan!.Graph.OutputValues, output).IsFloat;

    /// <summary>The element type of an output; of a model without types of its own, single precision or 64-bit integers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such output.</exception>
    /// <exception cref="InvalidOperationException">It is known after the first run only.</exception>
    public OnnxType TypeOf(int output) => evaluated is { } e
        ? e.Output(output).Type
        : Type(plan!.Graph.OutputValues, output).IsFloat ? OnnxType.Float32 : OnnxType.Int64;

    /// <summary>The sizes of an output.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such output.</exception>
    /// <exception cref="InvalidOperationException">They depend on the input's numbers, and nothing was run yet.</exception>
    public ReadOnlySpan<int> OutputShape(int output) =>
        evaluated is { } e ? e.Output(output).Shape : Type(plan!.Graph.OutputValues, output).Shape;

    /// <summary>Computes the outputs from the inputs. The first run may allocate, later ones do not.</summary>
    /// <param name="stop">Cancels the run between two steps; the outputs are then undefined.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OutOfMemoryException">A thread lacks memory; the session and its pool can be used again.</exception>
    /// <exception cref="ModelFormatException">The inputs' numbers lead to sizes that do not fit each other, or to more memory than is
    /// allowed; only of models whose sizes depend on numbers.</exception>
    public void Run(CancellationToken stop = default)
    {
        Enter(out var threads);
        try
        {
            if (evaluated is { } session)
                session.Run(stop);
            watched.Kernel?.Reset();
            if (together is { } all)
                pool.Run(all, scratch, stop);
            else
                for (var k = 0; k < kernels.Length; k++)
                {
                    stop.ThrowIfCancellationRequested();
                    if (watched.Kernel is { } scores && watched.Step == k)
                        pool.Run(scores, scratch);
                    pool.Run(kernels[k], scratch);
                }
            GC.KeepAlive(this);
            GC.KeepAlive(weights);
        }
        finally
        {
            Leave(threads);
        }
    }

    /// <summary>Lets each run look whether the numbers are finite that the first output's integers are made from.</summary>
    internal void WatchScores()
    {
        evaluated?.WatchScores();
        var makers = (plan?.Steps ?? []).ToDictionary(s => s.Output);
        for (var at = plan?.Graph.OutputValues[0] ?? -1; makers.TryGetValue(at, out var maker); at = maker.Inputs[0])
            if (!plan!.Types[at]!.IsFloat && maker.Inputs[0] is >= 0 and var from && plan.Types[from]!.IsFloat)
                watched = (Array.IndexOf(steps, maker), new FiniteKernel((float*)Address(from), plan.Types[from]!.Elements));
        together = watched.Kernel is { } scores ? together?.Preceded(kernels[watched.Step], scores) : together;
    }

    /// <summary>Whether these numbers of the last run were finite; true if there are none.</summary>
    internal bool AreScoresFinite => evaluated?.AreScoresFinite ?? watched.Kernel?.IsFinite ?? true;

    /// <summary>The first layer whose result is not finite, computed again on the same inputs; null if there is none.</summary>
    internal string? FirstNotFinite()
    {
        Enter(out var threads);
        try
        {
            if (evaluated is { } session)
                return session.FirstNotFinite();
            for (var k = 0; k < kernels.Length; k++)
            {
                pool.Run(kernels[k], scratch);
                var type = plan!.Types[steps[k].Output]!;
                if (type.IsFloat && !FiniteKernel.AreFinite((float*)Address(steps[k].Output), type.Elements))
                    return steps[k].Place + steps[k].Joined;
            }
            return null;
        }
        finally
        {
            Leave(threads);
        }
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
    internal StepCost[] Costs() => Array.ConvertAll(steps, s => StepCost.Of(plan!, s, lanes));

    /// <summary>A step in words: the types of its inputs and its output, and its node.</summary>
    internal string Describe(int step)
    {
        var node = steps[step];
        var inputs = string.Join(" ", node.Inputs.Select(v => v < 0 ? "-" : $"{plan!.Types[v]}"));
        var name = node.Place[(node.Place.LastIndexOf(": ", StringComparison.Ordinal) + 2)..];
        return $"{inputs} -> {plan!.Types[node.Output]} {name}";
    }

    internal ExecutionPlan Plan => plan!;

    void Enter(out bool threads)
    {
        ObjectDisposedException.ThrowIf(!model.TryEnter(), typeof(OnnxModel));
        threads = pool.TryEnter();
    }

    void Leave(bool threads)
    {
        if (threads)
            pool.Leave();
        model.Leave();
    }

    // A kernel that was made during the run; the threads' memory grows to what it needs.
    void RunOne(Kernel kernel)
    {
        if (kernel.Items == 0)
            return;
        for (var k = 0; k < scratch.Length; k++)
            if (memory[k].Length < kernel.ScratchBytes + PinnedMemory.Alignment)
            {
                memory[k] = Allocate(kernel.ScratchBytes);
                scratch[k] = (nint)PinnedMemory.Align(memory[k]);
            }
        pool.Run(kernel, scratch);
    }

    static Span<float> Floats(Value value) =>
        value.IsSingle ? value.Floats : throw new InvalidOperationException($"it holds {value}");

    static Span<double> Doubles(Value value) =>
        value.Type == OnnxType.Float64 ? value.Doubles : throw new InvalidOperationException($"it holds {value}");

    static Span<long> Ints(Value value) => !value.IsReal ? value.Ints : throw new InvalidOperationException($"it holds {value}");

    // A view at the address of its input needs no kernel.
    Kernel? Bind(Node step, KernelSet set, PackedWeights packed, int threads)
    {
        if (step.Operator is IView && Address(step.Inputs[0]) == Address(step.Output))
            return null;
        var addresses = Array.ConvertAll(step.Inputs, v => v < 0 ? 0 : (nint)Address(v));
        return step.Operator.Bind(new Binding(
            plan!.OperandsOf(step), addresses, plan.Types[step.Output]!, (nint)Address(step.Output), set, packed, threads));
    }

    byte* Address(int value) =>
        plan!.Constants.TryGetValue(value, out var constant) ? (byte*)constant.AddressOrNone : start + plan.Offsets[value];

    TensorType Type(IReadOnlyList<int> values, int which) => which >= 0 && which < values.Count
        ? plan!.Types[values[which]]!
        : throw new ArgumentOutOfRangeException(nameof(which), $"number {which} of {values.Count}; they count from 0");

    Span<T> Numbers<T>(IReadOnlyList<int> values, int which)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(model.IsClosed, typeof(OnnxModel));
        var type = Type(values, which);
        return type.IsFloat == (typeof(T) == typeof(float))
            ? new Span<T>(Address(values[which]), type.Elements)
            : throw new InvalidOperationException($"it holds {type}");
    }

    static byte[] Allocate(long bytes) => LargePages.Room(bytes) <= Array.MaxLength
        ? GC.AllocateUninitializedArray<byte>((int)LargePages.Room(bytes), pinned: true)
        : throw new ArgumentException($"a run needs {bytes >> 20} MiB in one array; use smaller inputs");
}
