namespace Hwaso.Torch;

/// <summary>
/// A stretch of work whose tensors end with it: every tensor made on this thread since the scope was opened is freed when it is disposed,
/// but for those passed to <see cref="Keep(Tensor)"/>, which go to the enclosing scope. Modules, training steps and callbacks open one;
/// user code rarely does.
/// </summary>
public readonly ref struct Scope
{
    readonly ScopeStack stack;
    readonly int mark;

    /// <summary>Opens a scope on this thread.</summary>
    public Scope()
    {
        stack = ScopeStack.Current;
        mark = stack.Open();
    }

    /// <summary>The tensor survives this scope; one that was not made in it is left as it is.</summary>
    public Tensor Keep(Tensor tensor)
    {
        if (stack.Owns(tensor, mark))
            tensor.Kept = true;
        return tensor;
    }

    /// <summary>The tensors survive this scope.</summary>
    public Tensor[] Keep(Tensor[] tensors)
    {
        foreach (var tensor in tensors)
            Keep(tensor);
        return tensors;
    }

    /// <summary>Frees the tensors that were made and not kept.</summary>
    public void Dispose() => stack.Close(mark);
}

/// <summary>The tensors made on one thread, in order; scopes are marks in it.</summary>
sealed class ScopeStack
{
    [ThreadStatic]
    static ScopeStack? current;

    Tensor?[] tensors = new Tensor?[256];
    int count;
    int depth;

    public static ScopeStack Current => current ??= new ScopeStack();

    public bool IsOpen => depth > 0;

    public int Open()
    {
        depth++;
        return count;
    }

    /// <summary>Gives the slot that the tensor has from now on, or -1 outside scopes.</summary>
    public int Push(Tensor tensor)
    {
        if (depth == 0)
            return -1;
        if (count == tensors.Length)
            Array.Resize(ref tensors, count * 2);
        tensors[count] = tensor;
        return count++;
    }

    /// <summary>Whether the tensor belongs to the scope opened at the mark, or one inside it.</summary>
    public bool Owns(Tensor tensor, int mark) =>
        tensor.Slot >= mark && tensor.Slot < count && ReferenceEquals(tensors[tensor.Slot], tensor);

    /// <summary>The tensor leaves the scopes: it lives until it is disposed.</summary>
    public void Forget(Tensor tensor)
    {
        if (!Owns(tensor, 0))
            return;
        tensors[tensor.Slot] = null;
        tensor.Slot = -1;
    }

    /// <summary>Frees the tensors made since the mark; the kept ones pass to the enclosing scope.</summary>
    public void Close(int mark)
    {
        depth--;
        var top = mark;
        for (var k = mark; k < count; k++)
        {
            var tensor = tensors[k];
            if (tensor is null)
                continue;
            tensors[k] = null;
            if (!tensor.Kept)
            {
                tensor.Slot = -1;
                tensor.Dispose();
                continue;
            }
            tensor.Kept = false;
            if (depth == 0)
            {
                tensor.Slot = -1;
                continue;
            }
            tensors[top] = tensor;
            tensor.Slot = top++;
        }
        count = top;
    }
}
