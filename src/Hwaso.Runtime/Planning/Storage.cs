using Hwaso.Runtime.Core;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Planning;

/// <summary>
/// Assigns every value its place in one block of memory. Values that are not alive at the same time share memory; views and in-place
/// results lie where their input lies; inputs of a concatenation are computed in place.
/// </summary>
sealed class Storage
{
    readonly IReadOnlyList<Node> steps;
    readonly TensorType?[] types;
    readonly Dictionary<int, Constant> constants;
    readonly HashSet<int> outside;
    readonly int[] root;
    readonly long[] shift;
    readonly Lifetime[] lives;

    public Storage(IReadOnlyList<Node> steps, TensorType?[] types, Dictionary<int, Constant> constants, ModelGraph graph, StepOrder order)
    {
        (this.steps, this.types, this.constants) = (steps, types, constants);
        outside = [.. graph.InputValues, .. graph.OutputValues];
        root = Enumerable.Range(0, types.Length).ToArray();
        shift = new long[types.Length];
        lives = Array.ConvertAll(types, _ => new Lifetime(order, steps.Count));
        Offsets = Enumerable.Repeat(-1L, types.Length).ToArray();

        ShareViews();
        JoinInPlace();
        Live(graph);
        ComputeInPlace();
        Place();
    }

    public long[] Offsets { get; }

    public long Bytes { get; private set; }

    Operands OperandsOf(Node node) => Operands.Of(node, types, constants);

    void ShareViews()
    {
        foreach (var step in steps)
            if (step.Operator is IView view && !constants.ContainsKey(step.Inputs[0]) && view.IsView(OperandsOf(step)))
                root[step.Output] = root[step.Inputs[0]];
    }

    void JoinInPlace()
    {
        var made = steps.Select(s => s.Output).ToHashSet();
        var viewed = steps.Where(s => root[s.Output] != s.Output).Select(s => root[s.Output]).ToHashSet();
        foreach (var step in steps)
        {
            if (step.Operator is not ConcatOperator concat || outside.Contains(step.Output))
                continue;
            var type = types[step.Output]!;
            var axis = OperandsOf(step).Axis(concat.Axis, type.Rank);
            if (type.Shape[..axis].Any(s => s != 1))
                continue;
            long at = 0;
            foreach (var value in step.Inputs)
            {
                if (made.Contains(value) && root[value] == value && !viewed.Contains(value) && !outside.Contains(value)
                    && step.Inputs.Count(v => v == value) == 1
                    && !steps.Any(s => s.Operator is ConcatOperator && s.Output == value))
                    (root[value], shift[value]) = (root[step.Output], at);
                at += types[value]!.Bytes;
            }
        }
    }

    void Live(ModelGraph graph)
    {
        for (var k = 0; k < steps.Count; k++)
        {
            lives[root[steps[k].Output]].Write(k);
            foreach (var value in steps[k].Inputs)
                if (value >= 0)
                    lives[root[value]].Read(k);
        }
        foreach (var value in graph.InputValues)
            lives[root[value]].IsGiven();
        foreach (var value in graph.OutputValues)
            lives[root[value]].IsKept();
    }

    void ComputeInPlace()
    {
        var alone = root.GroupBy(r => r).Where(g => g.Count() == 1).Select(g => g.Key).ToHashSet();
        // In order of the steps, so that a later output can take the place of an earlier in-place output.
        for (var k = 0; k < steps.Count; k++)
        {
            var step = steps[k];
            if (!alone.Contains(step.Output) || types[step.Output] is not { } type)
                continue;
            foreach (var value in InPlaceInputs(step))
            {
                if (value < 0 || constants.ContainsKey(value) || outside.Contains(value)
                    || !types[value]!.SameShape(type) || types[value]!.IsFloat != type.IsFloat
                    || shift[value] != 0 || types[root[value]]!.Bytes != type.Bytes || !lives[root[value]].EndsAt(k)
                    || step.Inputs.Count(v => v >= 0 && root[v] == root[value]) != 1)
                    continue;
                root[step.Output] = root[value];
                lives[root[value]].Join(lives[step.Output]);
                break;
            }
        }
    }

    // Inputs of which each number is read before the output's number at the same place is written.
    static IEnumerable<int> InPlaceInputs(Node step) => step.Operator switch
    {
        BinaryOperator binary => binary.Epilogue.Adds ? [step.Inputs[2]] : [step.Inputs[0], step.Inputs[1]],
        IEpilogue { Epilogue.Adds: true } epilogue => [step.Inputs[epilogue.AddendInput]],
        UnaryOperator or ClipOperator or SoftmaxOperator => [step.Inputs[0]],
        _ => [],
    };

    /// <summary>Places the largest value first, each at the lowest offset that is free during its lifetime.</summary>
    void Place()
    {
        // In order of their offsets.
        var placed = new List<(long Offset, long End, Lifetime Life)>();
        var roots = Enumerable.Range(0, types.Length)
            .Where(v => root[v] == v && lives[v].IsUsed && types[v] is not null && !constants.ContainsKey(v));
        foreach (var value in roots.OrderByDescending(v => types[v]!.Bytes).ThenBy(v => lives[v].Birth))
        {
            // Kernels may read a vector beyond a tensor's end.
            var size = PinnedMemory.Whole(types[value]!.Bytes) + PinnedMemory.Alignment;
            long offset = 0;
            var life = lives[value];
            foreach (var other in placed)
            {
                if (offset + size <= other.Offset)
                    break;
                if (offset < other.End && !other.Life.EndsBefore(life) && !life.EndsBefore(other.Life))
                    offset = other.End;
            }
            var behind = placed.FindIndex(p => p.Offset > offset);
            placed.Insert(behind < 0 ? placed.Count : behind, (offset, offset + size, life));
            Offsets[value] = offset;
            Bytes = Math.Max(Bytes, offset + size);
        }
        for (var value = 0; value < types.Length; value++)
            if (root[value] is var to && to != value && Offsets[Root(value)] >= 0)
                Offsets[value] = Offsets[Root(value)] + ShiftOf(value);
    }

    int Root(int value)
    {
        while (root[value] != value)
            value = root[value];
        return value;
    }

    long ShiftOf(int value)
    {
        long sum = 0;
        for (; root[value] != value; value = root[value])
            sum += shift[value];
        return sum;
    }
}
