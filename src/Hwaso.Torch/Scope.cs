namespace Hwaso.Torch;

/// <summary>
/// A stretch of work whose tensors end with it: every tensor made on this thread since the scope was opened is freed when it is disposed,
/// but for those passed to <see cref="Keep(Tensor)"/>, which go to the enclosing scope. Modules, training steps and callbacks open one; user code rarely does.
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

    /// <summary>Frees what was made and not kept.</summary>
    public void Dispose() => stack.Close(mark);
}
