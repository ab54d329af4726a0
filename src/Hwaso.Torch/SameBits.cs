using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>
/// While it lives, libtorch's operators on this thread, and those of backward passes that it begins, give the bits that they give with one
/// thread: they run with one, but for those whose bits are the same with any number.
/// </summary>
public readonly ref struct SameBits
{
    readonly bool on, helps;

    /// <summary>Begins, on a processor.</summary>
    /// <param name="on">False changes nothing.</param>
    /// <param name="helps">
    /// Whether this thread computes a part of an operator beside others, inside such a scope of another thread: then all of its operators
    /// run with one thread.
    /// </param>
    /// <exception cref="TorchException">libtorch refuses.</exception>
    public SameBits(bool on, bool helps = false)
    {
        (this.on, this.helps) = (on, helps);
        if (on && NativeMethods.hw_same_bits_begin(helps ? 1 : 0) != 0)
            throw new TorchException("same bits", Door.CurrentPlace, "", NativeMethods.LastError);
    }

    /// <summary>Ends it; operators use all threads again.</summary>
    public void Dispose()
    {
        if (on && NativeMethods.hw_same_bits_end(helps ? 1 : 0) != 0)
            throw new TorchException("same bits", Door.CurrentPlace, "", NativeMethods.LastError);
    }
}
