namespace Hwaso.Checkpoints;

/// <summary>The unpickler's stack with its marks, and the memo. Every access is checked.</summary>
sealed class PickleStack(CheckpointStream source)
{
    static readonly object Absent = new();
    readonly List<object?> items = [];
    readonly Stack<int> marks = new();
    readonly List<object?> memo = [];

    public void Push(object? value) => items.Add(value);

    public void Mark() => marks.Push(items.Count);

    // Values below the newest mark are out of reach until the mark is popped.
    public object? Top => items.Count > Floor ? items[^1] : throw source.Fail("the pickle takes more than it put; the file is damaged");

    int Floor => marks.TryPeek(out var mark) ? mark : 0;

    public object? Pop()
    {
        var value = Top;
        items.RemoveAt(items.Count - 1);
        return value;
    }

    public object?[] Pop(int count)
    {
        var values = new object?[count];
        for (var i = count - 1; i >= 0; i--)
            values[i] = Pop();
        return values;
    }

    public object?[] PopToMark()
    {
        if (!marks.TryPop(out var mark))
            throw source.Fail("the pickle closes a group it did not open; the file is damaged");
        var values = items.GetRange(mark, items.Count - mark).ToArray();
        items.RemoveRange(mark, values.Length);
        return values;
    }

    /// <summary>Python numbers its memo in sequence, from 0 or 1; anything else is damage and could ask for any memory.</summary>
    public void Remember(long index)
    {
        if (index < 0 || index > memo.Count + 1)
            throw source.Fail($"the pickle's memo jumps from {memo.Count} to {index}; the file is damaged");
        while (memo.Count <= index)
            memo.Add(Absent);
        memo[(int)index] = Top;
    }

    public void RememberNext() => memo.Add(Top);

    public object? Recall(long index)
    {
        if (index < 0 || index >= memo.Count || ReferenceEquals(memo[(int)index], Absent))
            throw source.Fail($"the pickle refers to its memo's entry {index}, which does not exist; the file is damaged");
        return memo[(int)index];
    }
}
