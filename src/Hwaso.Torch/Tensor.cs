using System.Runtime.InteropServices;
using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>
/// A libtorch tensor. It belongs to the innermost <see cref="Scope"/> of the thread that made it and is freed with it;
/// outside scopes it lives until <see cref="SafeHandle.Dispose()"/>. It is used on the thread that made it.
/// </summary>
public sealed partial class Tensor : SafeHandle
{
    static long finalized;

    internal Tensor(nint handle) : base(0, ownsHandle: true)
    {
        SetHandle(handle);
        Slot = ScopeStack.Current.Push(this);
    }

    /// <summary>How many tensors the finalizer had to free since the process began: 0 where every tensor had a scope or an owner.</summary>
    public static long Finalized => Interlocked.Read(ref finalized);

    /// <summary>The number of native tensor handles that the process holds now.</summary>
    public static long LiveHandles => NativeMethods.hw_live_handles();

    /// <summary>Whether it holds nothing.</summary>
    public override bool IsInvalid => handle == 0;

    /// <summary>
    /// A number that two handles to the same native tensor share and that no other living tensor has; it is free again once the tensor is
    /// gone.
    /// </summary>
    public nint Identity => IsHollow && !IsClosed ? handle : Live();

    internal int Slot { get; set; }

    internal bool Kept { get; set; }

    /// <summary>
    /// Takes the tensor out of its scope, so that it lives until it is disposed; for owners of tensors, such as weights and optimisers.
    /// </summary>
    public Tensor Own()
    {
        ScopeStack.Current.Forget(this);
        return this;
    }

    /// <summary>Gives an owned tensor to the innermost scope of this thread, which frees it at its end.</summary>
    public Tensor Release()
    {
        if (Slot < 0)
            Slot = ScopeStack.Current.Push(this);
        return this;
    }

    /// <summary>The native handle of a tensor that is alive.</summary>
    internal nint Live() => IsClosed || handle <= 0 ? throw NotUsable() : handle;

    Exception NotUsable() => IsHollow && !IsClosed
        ? HasNoNumbers()
        : new ObjectDisposedException(nameof(Tensor),
            "the tensor was freed: its scope ended, or it was disposed; keep it with Scope.Keep or Own");

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        if (!IsHollow)
            NativeMethods.hw_release(handle);
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing && handle != 0)
            Interlocked.Increment(ref finalized);
        if (disposing && Slot >= 0)
            ScopeStack.Current.Forget(this);
        base.Dispose(disposing);
    }

    static TorchException Refused(string operation, params ReadOnlySpan<Tensor> tensors)
    {
        var message = NativeMethods.LastError;
        return new TorchException(operation, Door.CurrentPlace,
            string.Join(", ", tensors.ToArray().Select(t => t.IsClosed ? "disposed" : t.ToString())), message);
    }
}
