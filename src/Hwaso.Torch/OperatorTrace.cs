using System.Diagnostics;
using System.Runtime.InteropServices;
using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>
/// Records when operators of libtorch run on a thread, and nodes of its backward passes on whatever thread computes them. A process has one
/// at a time.
/// </summary>
public sealed unsafe class OperatorTrace : IDisposable
{
    const long NanosecondsPerSecond = 1_000_000_000;

    // Of the trace that began on this thread. Backward passes on a processor run their nodes on it, too.
    [ThreadStatic]
    static List<KernelSpan>? kernels;

    // From the native clock's nanoseconds to those of Stopwatch: both are one clock on Linux and Windows.
    readonly long offset;
    bool ended;

    /// <summary>Begins on this thread.</summary>
    /// <exception cref="TorchException">The process has another one.</exception>
    public OperatorTrace()
    {
        long time;
        if (NativeMethods.hw_trace_begin(&time) != 0)
            throw Refused();
        kernels = [];
        var apart = (long)(Stopwatch.GetTimestamp() * ((double)NanosecondsPerSecond / Stopwatch.Frequency)) - time;
        offset = Math.Abs(apart) < NanosecondsPerSecond / 10 ? 0 : apart;
    }

    /// <summary>
    /// The number that the next node of this thread's backward pass will have: nodes that an operator makes have numbers from that before
    /// it to that after it.
    /// </summary>
    public static long NextNode => NativeMethods.hw_next_sequence();

    /// <summary>The managed kernels that ran on the thread, in the order of their ends; after <see cref="End"/>.</summary>
    public IReadOnlyList<KernelSpan> Kernels { get; private set; } = [];

    /// <summary>Records a managed kernel until the result is disposed, if this thread is traced.</summary>
    /// <param name="name">What it computes.</param>
    public static KernelTime Kernel(string name) => kernels is null ? default : new KernelTime(kernels, name);

    /// <summary>Ends it, on the thread that began it, and gives the outermost spans in the order of their ends.</summary>
    /// <exception cref="TorchException">It ended before.</exception>
    public IReadOnlyList<OperatorSpan> End()
    {
        ended = true;
        (Kernels, kernels) = (kernels ?? [], null);
        void* block;
        byte* text;
        long count;
        int thread;
        if (NativeMethods.hw_trace_end(&block, &count, &text, &thread) != 0)
            throw Refused();
        var names = NativeMethods.TakeText(text).Split('\n');
        var spans = new OperatorSpan[count];
        var records = new ReadOnlySpan<Record>(block, (int)count);
        for (var k = 0; k < spans.Length; k++)
        {
            var r = records[k];
            spans[k] = new OperatorSpan(names[r.Name], Ticks(r.From), Ticks(r.To),
                r.IsBackward != 0 ? (r.Sequence >= 0 ? r.Sequence : null) : null, r.Thread == thread ? 0 : r.Thread, r.IsBackward != 0);
        }
        NativeMethods.hw_free(block);
        return spans;
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        if (!ended)
            End();
    }

    long Ticks(long nanoseconds) => Stopwatch.Frequency == NanosecondsPerSecond ? nanoseconds + offset
        : (long)((nanoseconds + offset) * ((double)Stopwatch.Frequency / NanosecondsPerSecond));

    static TorchException Refused() => new("trace", Door.CurrentPlace, "", NativeMethods.LastError);

    [StructLayout(LayoutKind.Sequential)]
    readonly struct Record
    {
        public readonly long From, To, Sequence;
        public readonly int Name, Thread, IsBackward, Unused;
    }
}

/// <summary>An operator or a node of a backward pass that ran.</summary>
/// <param name="Name">Its name, such as <c>aten::conv2d</c> or <c>ConvolutionBackward0</c>.</param>
/// <param name="From">When it began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
/// <param name="To">When it ended.</param>
/// <param name="Node">A node's number in the graph; null for operators, and for nodes that add to a weight's gradient.</param>
/// <param name="Thread">0 for the thread that is traced, otherwise a number of another one.</param>
/// <param name="IsBackward">Whether it is a node.</param>
public readonly record struct OperatorSpan(string Name, long From, long To, long? Node, int Thread, bool IsBackward);

/// <summary>A managed kernel that ran.</summary>
/// <param name="Name">What it computed.</param>
/// <param name="From">When it began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
/// <param name="To">When it ended.</param>
public readonly record struct KernelSpan(string Name, long From, long To);

/// <summary>A managed kernel that runs; recorded when disposed.</summary>
public readonly ref struct KernelTime
{
    readonly List<KernelSpan>? spans;
    readonly string? name;
    readonly long from;

    internal KernelTime(List<KernelSpan> spans, string name) =>
        (this.spans, this.name, from) = (spans, name, Stopwatch.GetTimestamp());

    /// <summary>Ends it.</summary>
    public void Dispose() => spans?.Add(new KernelSpan(name!, from, Stopwatch.GetTimestamp()));
}
