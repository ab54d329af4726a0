using Hwaso.Torch.Native;

namespace Hwaso.Torch.Autograd;

/// <summary>While it lives, this thread's operators are not followed by autograd (<c>torch.no_grad</c>).</summary>
public readonly ref struct NoGrad
{
    readonly bool before;

    /// <summary>Switches following off.</summary>
    public NoGrad()
    {
        before = NativeMethods.hw_grad_mode() != 0;
        NativeMethods.hw_set_grad_mode(0);
    }

    /// <summary>Whether this thread's operators are followed now.</summary>
    public static bool IsFollowing => NativeMethods.hw_grad_mode() != 0;

    /// <summary>Restores the previous setting.</summary>
    public void Dispose() => NativeMethods.hw_set_grad_mode(before ? 1 : 0);
}
